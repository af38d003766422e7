/** A destination of one's own: each table is a JSON document in a SQLite file. Complete, and slow with large tables. */
import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type Destination, DestinationError, type OpenOptions, type Session, type State } from "@org/destination";
import { MemoryTable, type TableDocument } from "@org/destination/memory";

export function documents(file: string): Destination {
  return {
    name: `documents:${file}`,
    capabilities: { transactional: true, fencing: "lock", maxIdentifierLength: 255 },
    async open(options) {
      options.signal?.throwIfAborted();
      return openSession(openLocked(file), options);
    },
  };
}

/** SQLite holds the lock until the file is closed, and the operating system takes it back when the process ends. */
function openLocked(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    database.exec("CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, json TEXT NOT NULL); COMMIT");
    writeFileSync(`${file}.holder`, String(process.pid));
    return database;
  } catch (cause) {
    database.close();
    if ((cause as { errcode?: number }).errcode !== 5) throw cause; // SQLITE_BUSY
    const holder = readFileSync(`${file}.holder`, "utf8");
    throw new DestinationError("LOCKED", `${file} is held by process ${holder}. Wait for it to end.`, { cause });
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
  function put(documents: Readonly<Record<string, unknown>>): void {
    database.exec("BEGIN");
    try {
      const write = database.prepare(
        "INSERT INTO documents VALUES (?, ?) ON CONFLICT DO UPDATE SET json = excluded.json",
      );
      for (const [id, document] of Object.entries(documents)) write.run(id, JSON.stringify(document));
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
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
      const states = [...new Map(get<[string, State][]>(statesId)).set(stream, batch.state)];
      const result = apply();
      // Until rows and state are stored, in one transaction, what memory holds is not true.
      tables.delete(name);
      put({ [`table ${name}`]: table, [statesId]: states });
      tables.set(name, table);
      return result;
    },
    close: async () => void (database.isOpen && database.close()),
  };
}
