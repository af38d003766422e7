/**
 * The store's own list of deletions. A row that is gone from the store cannot be found to be missing again, so if the
 * host lost the record that said so, only this list knows.
 */
import { defineTable, type Key, parseJson, rowId, type Session, type StoredValues, type Table } from "@org/destination";

const deletionsTable = defineTable({
  name: "outlet_deletions",
  description: "Deletions that were handed to the host.",
  primaryKey: ["stream", "key"],
  columns: {
    stream: { type: "string", description: "The stream." },
    key: { type: "string", description: "The row's primary key, as JSON." },
    number: { type: "int64", description: "Counts the deletions of a stream." },
    row: { type: "string", description: "The row as it was, as JSON." },
  },
});

/** The deletions of one stream, in a session with the store. */
export class Deletions {
  readonly #session: Session;
  readonly #stream: string;
  /** The number of the last one that the host knows. */
  readonly #known: number;
  #last: number;

  /** @param known the number of the last one that the host knows; undefined if the host begins anew, and needs none */
  constructor(session: Session, stream: string, known: number | undefined) {
    this.#session = session;
    this.#stream = stream;
    this.#known = known ?? Number.POSITIVE_INFINITY;
    this.#last = known ?? 0;
  }

  static readonly table: Table = deletionsTable;

  /** The number of the last one. */
  get last(): number {
    return this.#last;
  }

  /** Forgets what the host knows, and returns the rows that it may not know, unless they are back in the store. */
  async lost(table: Table): Promise<readonly StoredValues[]> {
    const own = { stream: { in: [this.#stream] } };
    const listed = await this.#session.keys(deletionsTable, own, ["number", "row"]);
    const isKnown = ({ number }: StoredValues) => Number(number) <= this.#known;
    const known = listed.filter(isKnown);
    const others = listed.filter((each) => !isKnown(each));
    const rows = others.map(({ row }) => parsedRow(table, row as string));
    const held = await heldRows(this.#session, table, rows);
    const back = new Set(held.map((row) => rowId(table, row)));
    const isBack = (row: StoredValues) => back.has(rowId(table, row));
    await this.#write({ remove: [...known, ...others.filter((_, index) => isBack(rows[index]!))] });
    this.#last = Math.max(this.#last, ...others.map(({ number }) => Number(number)));
    return rows.filter((row) => !isBack(row));
  }

  /** Records rows that are about to go. */
  async add(table: Table, rows: readonly StoredValues[]): Promise<void> {
    const upserts = rows.map((row) => {
      this.#last += 1;
      return { stream: this.#stream, key: rowId(table, row), number: this.#last, row: rowText(row) };
    });
    if (upserts.length > 0) await this.#write({ upserts });
  }

  async #write(batch: object): Promise<void> {
    const state = { version: 1, value: null };
    await this.#session.commit(`${this.#stream} deletions`, { table: deletionsTable, ...batch, state });
  }
}

/** A stored row as JSON. */
function rowText(row: StoredValues): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

function parsedRow({ columns }: Table, text: string): StoredValues {
  const isLong = (name: string, value: unknown) => columns[name]?.type === "int64" && typeof value === "string";
  const entries = Object.entries(parseJson(text) as StoredValues);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isLong(name, value) ? BigInt(value as string) : value]),
  );
}

/** The stored rows with these keys, whole. */
export async function heldRows(session: Session, table: Table, keys: readonly Key[]): Promise<readonly StoredValues[]> {
  if (keys.length === 0) return [];
  const ids = new Set(keys.map((key) => rowId(table, key)));
  const conditions = table.primaryKey.map((name) => [name, { in: [...new Set(keys.map((key) => key[name]!))] }]);
  const found = await session.keys(table, Object.fromEntries(conditions), Object.keys(table.columns));
  return found.filter((row) => ids.has(rowId(table, row)));
}
