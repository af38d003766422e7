/**
 * I8: if a listing suddenly lacks a large part of a table, the listing is probably wrong: narrowed permissions, another
 * server at the same address, a restart. The sync only marks that many rows as deleted if explicitly allowed.
 */
import type { Batch, Session, StoredValues, Table } from "@org/destination";
import { SyncError } from "./errors.ts";

/** One sync may delete this many rows of a table, or this share of them, whichever is more. */
const HARMLESS_ROWS = 100;
const HARMLESS_SHARE = 0.2;

interface Counts {
  /** Before the sync's first deletion. */
  readonly rows: number;
  deleted: number;
}

/** Counts the rows that one sync marks as deleted, per table, and rejects too many. */
export class DeletionGuard {
  readonly #session: Pick<Session, "count" | "keys">;
  readonly #allowed: boolean;
  readonly #nameOf: (table: Table) => string;
  readonly #tables = new Map<string, Counts>();

  /** @param nameOf a table's name in the destination, for messages */
  constructor(
    session: Pick<Session, "count" | "keys">,
    allowed: boolean,
    nameOf: (table: Table) => string = ({ name }) => name,
  ) {
    this.#session = session;
    this.#allowed = allowed;
    this.#nameOf = nameOf;
  }

  /** @throws SyncError `MASS_DELETE` if deleting `count` more rows would exceed the limit */
  async expect(table: Table, count: number): Promise<void> {
    const counts = await this.#of(table);
    if (this.#isHarmless(counts, count)) return;
    const { rows, deleted } = counts;
    const total = deleted + count;
    const percent = Math.round((total / rows) * 100);
    throw new SyncError(
      "MASS_DELETE",
      `${this.#nameOf(table)}: ${total} of ${rows} rows (${percent} %) are no longer on the server. A sync refuses to delete that many: they stay as they are. If they are really gone, sync again and allow it (\`allowMassDelete\`).`,
    );
  }

  /**
   * Checks a batch before its commit. Call {@link DeletionGuard.deleted} after it.
   *
   * @throws SyncError `MASS_DELETE`
   */
  async check({ table, replace = [], upserts = [], remove = [] }: Omit<Batch, "state">): Promise<void> {
    const counts = replace.length > 0 && !this.#allowed ? await this.#of(table) : undefined;
    if (!counts || counts.rows === 0) return;
    let most = 0;
    for (const { scope } of replace) most += await this.#session.count(table, scope);
    // Not even if all of its rows were gone would that be too many, so it need not be known which.
    if (this.#isHarmless(counts, most)) return;
    const keyOf = (row: StoredValues) => JSON.stringify(table.primaryKey.map((name) => String(row[name])));
    const kept = new Set([...replace.flatMap(({ rows }) => rows), ...upserts, ...remove].map(keyOf));
    const gone = new Set<string>();
    for (const { scope } of replace) {
      for (const row of await this.#session.keys(table, scope)) if (!kept.has(keyOf(row))) gone.add(keyOf(row));
    }
    if (gone.size > 0) await this.expect(table, gone.size);
  }

  /** Adds what a commit marked as deleted. */
  deleted(table: Table, count: number): void {
    const counts = this.#tables.get(table.name);
    if (counts) counts.deleted += count;
  }

  #isHarmless({ rows, deleted }: Counts, count: number): boolean {
    const total = deleted + count;
    return this.#allowed || total <= HARMLESS_ROWS || total <= rows * HARMLESS_SHARE;
  }

  async #of(table: Table): Promise<Counts> {
    const known = this.#tables.get(table.name);
    if (known) return known;
    const counts = { rows: await this.#session.count(table, {}), deleted: 0 };
    this.#tables.set(table.name, counts);
    return counts;
  }
}
