import { withTablePrefix } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";

export const prefix = "prod_";

/** Called by the suite, here and in its other processes. */
export const connect = (file: string) => withTablePrefix(duckdb(file), prefix);
