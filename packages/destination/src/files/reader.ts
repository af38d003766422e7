/** SQL over the data files: an in-memory DuckDB whose views are the tables, as of the latest manifest. */
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Database } from "../duckdb/database.ts";
import { dialect } from "../duckdb/dialect.ts";
import { openFile } from "../duckdb/open.ts";
import { copying, keepInside } from "../duckdb/reader.ts";
import { DestinationError } from "../errors.ts";
import { namesIn, quoted } from "../sql/names.ts";
import { onlyReading, readerOf } from "../sql/reader.ts";
import type { ReadOptions, SqlReader } from "../sql-reader.ts";
import { Chain } from "./chain.ts";
import { readSql } from "./formats.ts";
import type { ManifestTable } from "./manifest.ts";
import type { Store } from "./store.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Reads a folder's files in place, and those of S3 from copies in the temporary folder. */
export async function openFilesReader(
  store: Store,
  { memoryLimit, signal, copyInto }: ReadOptions & { readonly memoryLimit?: string | undefined },
): Promise<SqlReader> {
  const { tables, number } = await new Chain(store).refresh();
  if (number === 0) {
    throw new DestinationError("NOT_FOUND", `${store.place} has no synced data. Check the address.`);
  }
  let folder: string | undefined;
  let database: Database | undefined;
  const close = async () => {
    await database?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  };
  const localOf = async (path: string) => {
    const located = store.locate(path);
    if (!located.startsWith("s3://")) return located;
    folder ??= await makeTemporaryFolder("files-reader-");
    const local = join(folder, basename(path));
    if (await store.download(path, local, signal)) return local;
    throw new DestinationError("NOT_FOUND", `The data file ${path} in ${store.place} is missing.`);
  };
  try {
    const memory = await openFile(":memory:", store.place, "queries", { memoryLimit });
    const opened = new Database(memory, store.place, namesIn("main"), signal);
    database = opened;
    const all: string[] = [];
    for (const [name, table] of Object.entries(tables)) {
      const local: string[] = [];
      for (const { path } of table.files) local.push(await localOf(path));
      all.push(...local);
      const view = `CREATE VIEW ${opened.names.table(name)} AS ${tableSql(local, table)}`;
      await opened.queue(`Reading ${name}`, () => opened.run(view));
    }
    await keepInside(memory, all, copyInto);
    // The in-memory database itself could be written to.
    const reader = onlyReading(readerOf("duckdb", opened), store.place);
    return { ...reader, ...(copyInto !== undefined && copying(opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A table's rows: those of its first file whose keys no later file has, and the latest of the others. */
function tableSql(
  files: readonly string[],
  { columns, primaryKey }: Pick<ManifestTable, "columns" | "primaryKey">,
): string {
  const names = columns.map(({ name }) => quoted(name)).join(", ");
  const [base, ...changes] = files;
  if (base === undefined) {
    const nulls = columns.map(({ name, type }) => `NULL::${dialect.types[type]} AS ${quoted(name)}`);
    return `SELECT ${nulls.join(", ")} WHERE false`;
  }
  const there = (rows: string) => `SELECT ${names} FROM (${rows}) WHERE NOT _removed`;
  if (changes.length === 0) return there(readSql([base], columns));
  const key = primaryKey.map(quoted).join(", ");
  const changed = readSql(changes, columns);
  const latest = `SELECT * FROM (${changed}) QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY _file DESC) = 1`;
  const untouched = `SELECT * FROM (${readSql([base], columns)}) ANTI JOIN (SELECT ${key} FROM (${changed})) USING (${key})`;
  return `${there(untouched)} UNION ALL BY NAME ${there(latest)}`;
}
