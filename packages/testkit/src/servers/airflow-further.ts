import type { AirflowServer } from "./airflow.ts";
import { importErrors } from "./airflow-further/import-errors.ts";
import { poolSamples, pools } from "./airflow-further/pools.ts";
import type { FurtherTable } from "./airflow-further/table.ts";
import type { QueryRow } from "./database.ts";

/** The tables of opt-in streams, by name. */
const tables: { readonly [table: string]: FurtherTable } = {
  airflow_pools: pools,
  airflow_pool_samples: poolSamples,
  airflow_import_errors: importErrors,
};

type Server = Pick<AirflowServer, "query">;

/** Adds rows to the server's database, or changes some. */
export async function changeFurther(server: Server, how: "seed" | "change"): Promise<void> {
  for (const table of Object.values(tables)) {
    for (const statement of table[how] ?? []) await server.query(statement);
  }
}

/** The expected rows of a table. @throws Error if nothing says what to expect */
export async function furtherTruth(server: Server, name: string): Promise<readonly QueryRow[]> {
  const table = tables[name];
  if (!table) throw new Error(`Add what ${name} should hold to packages/testkit/src/servers/airflow-further.`);
  return server.query(table.truth);
}
