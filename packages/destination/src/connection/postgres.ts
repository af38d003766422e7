import { parseAddress } from "../postgres/address.ts";
import { PostgresDatabase } from "../postgres/database.ts";
import { schemaNames } from "../postgres/dialect.ts";
import { loadDriver } from "../postgres/driver.ts";
import { checkSchemaName } from "../sql/schema-name.ts";

/** After so long a transaction in which nothing happens is ended by the server, in ms. */
const idleMs = 30_000;

export async function open(url: string) {
  const [, schema] = /[?&]schema=([^&]*)/.exec(url) ?? [];
  const address = parseAddress(url.replace(/([?&])schema=[^&]*&?/, "$1").replace(/[?&]$/, ""));
  const name = schema === undefined ? "public" : decodeURIComponent(schema);
  checkSchemaName(address.place, name, schemaNames);
  const options = { address, schema: name, leaseMs: idleMs };
  return { database: new PostgresDatabase(await loadDriver(), address.place, options), forUpdate: "FOR UPDATE" };
}
