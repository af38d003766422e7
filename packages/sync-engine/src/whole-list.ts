/** Lists that are short enough to be read whole at every sync: what they lack has been deleted. */
import type { Json, Row, Table } from "@org/destination";
import { SyncError } from "./errors.ts";
import type { SourceContext, StreamBatch } from "./stream.ts";
import { createWalk } from "./walk.ts";

/** A list that changes while it is read is read again, this many times in all. */
const MOST_READS = 5;

/** Some rows of a list. */
export interface ListPage<T> {
  readonly rows: readonly T[];
  /** The number of rows in the whole list, as the same response says. */
  readonly total: number;
  /** The requested number of rows: a page with as many may be followed by another. */
  readonly limit: number;
}

export interface WholeListOptions<T> {
  /** What is listed, for messages: `pools`. */
  readonly what: string;
  /** Requests a page. The list must have a complete order, which does not change: by an id, or by a unique name. */
  page(offset: number): Promise<ListPage<T>>;
  /** Identifies a row. */
  keyOf(row: T): string;
  /**
   * Whether an error says that the user may not read the list, or that the server has none.
   * @default none does
   */
  isUnavailable?(error: unknown): boolean;
  readonly emit: SourceContext["emit"];
}

/**
 * All rows that existed from the beginning of the read to its end, and some of those created or deleted meanwhile.
 *
 * Each page must begin with the last row of the one before: since the list keeps its order, nothing between them is
 * missed. The end is reached by a page that is not full, and that has as many rows as the server counts.
 *
 * @returns undefined if the list is unavailable, which is reported as a notice: what it had is not deleted
 * @throws SyncError `UNSTEADY_SERVER` if the list keeps changing, or contradicts its own count
 */
export async function readWholeList<T>(options: WholeListOptions<T>): Promise<readonly T[] | undefined> {
  const { what, emit, isUnavailable } = options;
  for (let read = 1; read <= MOST_READS; read += 1) {
    try {
      const rows = await readOnce(options);
      if (rows) return rows;
    } catch (error) {
      if (!isUnavailable?.(error)) throw error;
      const message = `The list of ${what} cannot be read: ${(error as Error).message.replace(/\.$/, "")}. Its tables stay as they are.`;
      emit({ type: "notice", code: "LIST_UNAVAILABLE", message });
      return undefined;
    }
  }
  throw new SyncError(
    "UNSTEADY_SERVER",
    `The list of ${what} changed ${MOST_READS} times while it was read, or contradicts its own count. Sync again when it changes less.`,
    { retryable: true },
  );
}

/** Undefined if rows came or went while it was read. */
async function readOnce<T>({ what, page, keyOf }: WholeListOptions<T>): Promise<readonly T[] | undefined> {
  const found = new Map<string, T>();
  const walk = createWalk(what);
  let last: string | undefined;
  let longest = 0;
  for (let offset = 0; ; ) {
    const { rows, total, limit } = await page(offset);
    const keys = rows.map(keyOf);
    walk.page(keys);
    const first = offset === 0 ? undefined : keys[0];
    const others = offset === 0 ? keys : keys.slice(1);
    // An unexpected first row: others came or went before it. A known one among the others moved.
    if (first !== last || others.some((key) => found.has(key))) return undefined;
    for (const [index, row] of rows.entries()) found.set(keys[index]!, row);
    longest = Math.max(longest, rows.length);
    const end = offset + rows.length;
    // A full page may have lost its last row to one that was created after the server had counted. A server may limit
    // pages to fewer rows than requested, which only earlier pages show.
    const isFull = rows.length > 1 && rows.length >= (offset === 0 ? limit : Math.min(limit, longest));
    if (end > total || (end < total && others.length === 0)) return undefined;
    if (end === total && !isFull) return [...found.values()];
    offset = Math.max(0, end - 1);
    last = keys.at(-1);
  }
}

/**
 * A batch that leaves exactly these rows in a table. A row that is no longer among them is marked as deleted.
 *
 * @param options `reconcile`: whether the sync looks for deletions, which this batch then completes
 */
export function wholeBatch<T extends Table, S extends Json>(
  table: T,
  rows: readonly Row<T>[],
  { state, reconcile }: { readonly state: S; readonly reconcile: boolean },
): StreamBatch<T, S> & { readonly table: T } {
  return { table, replace: [{ scope: {}, rows }], state, ...(reconcile && { reconciled: true }) };
}
