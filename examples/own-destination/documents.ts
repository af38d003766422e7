/** A destination of one's own: each table is a JSON document in a SQLite file. Complete, and slow with large tables. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Destination, OpenOptions, Session, State } from "@org/destination";
import { DestinationError } from "@org/destination";
import { stateText } from "@org/destination/adapter";
import { MemoryTable, type TableDocument } from "@org/destination/memory";

export function documents(file: string): Destination {
  return {
    name: `documents:${file}`,
    capabilities: { fencing: "lock", maxIdentifierLength: 255 },
    async open(options) {
      options.signal?.throwIfAborted();
      return openSession(openLocked(file), options);
    },
  };
}

/** SQLite holds the lock until the file is closed, and the operating system takes it back when the process ends. */
function openLocked(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    database.exec("CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, json TEXT NOT NULL); COMMIT");
    writeFileSync(`${file}.holder`, `process ${process.pid}`);
    return database;
  } catch (cause) {
    database?.close();
    const isBusy = (cause as { errcode?: number }).errcode === 5; // SQLITE_BUSY
    const holder = existsSync(`${file}.holder`) ? readFileSync(`${file}.holder`, "utf8") : "another process";
    const reason = isBusy ? `is held by ${holder}. Wait for it to end.` : `cannot be opened: ${cause}`;
    throw new DestinationError(isBusy ? "LOCKED" : "NOT_FOUND", `${file} ${reason}`, { cause });
  }
}

function openSession(database: DatabaseSync, { pipeline, signal }: OpenOptions): Session {
  const tables = new Map<string, MemoryTable>();
  const statesId = `states of ${pipeline}`;

  function check(): void {
    signal?.throwIfAborted();
    if (!database.isOpen) throw new DestinationError("FAILED", "The session is closed.");
  }
  function get<T>(id: string): T | undefined {
    check();
    const found = database.prepare("SELECT json FROM documents WHERE id = ?").get(id);
    return found && JSON.parse(String(found.json));
  }
  /** One statement is one transaction. */
  function put(documents: Readonly<Record<string, unknown>>): void {
    const each = "SELECT key, value FROM json_each(?) WHERE true";
    const put = database.prepare(`INSERT INTO documents ${each} ON CONFLICT DO UPDATE SET json = excluded.json`);
    put.run(JSON.stringify(documents));
  }
  function prepared({ name }: { readonly name: string }): MemoryTable {
    check();
    const table = tables.get(name);
    if (table) return table;
    throw new DestinationError("FAILED", `Table ${name} is not prepared in this session: call prepare first.`);
  }

  // SQLite answers at once: every call is carried out as a whole, and none has to wait for another.
  return {
    states: async () => new Map(get<[string, State][]>(statesId)),
    async prepare(definitions) {
      const plans = definitions.map((definition) => {
        const document = get<TableDocument>(`table ${definition.name}`);
        const table = document ? MemoryTable.from(document) : new MemoryTable(definition, pipeline);
        return { name: definition.name, table, widen: table.planColumns(definition, pipeline) };
      });
      for (const { widen } of plans) widen();
      put(Object.fromEntries(plans.map(({ name, table }) => [`table ${name}`, table])));
      for (const { name, table } of plans) tables.set(name, table);
    },
    count: async (table, scope) => prepared(table).select(table, scope, []).length,
    countBy: async (table, scope, columns) => prepared(table).countBy(table, scope, columns),
    keys: async (table, scope, columns = []) =>
      prepared(table).select(table, scope, [...new Set([...table.primaryKey, ...columns])]),
    async commit(stream, batch) {
      const { name } = batch.table;
      const table = prepared(batch.table);
      const apply = table.planBatch(batch);
      stateText(pipeline, stream, batch.state); // refuses what JSON would leave out
      const states = [...new Map(get<[string, State][]>(statesId)).set(stream, batch.state)];
      const result = apply();
      // Until rows and state are stored, both or none, what memory holds is not true.
      tables.delete(name);
      put({ [`table ${name}`]: table, [statesId]: states });
      tables.set(name, table);
      return result;
    },
    close: async () => void (database.isOpen && database.close()),
  };
}
