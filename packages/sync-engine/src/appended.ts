/**
 * Lists that only grow, such as logs, read newest first: what is new since the last sync, and then what earlier syncs did
 * not get to. What the server's retention removes stays in the table.
 */
import type { Row, Table } from "@org/destination";
import type { Position } from "./position.ts";
import type { StreamBatch } from "./stream.ts";
import { createWalk } from "./walk.ts";

/** A span of time, in ms since 1970. Null: without this bound. */
export type Span = { readonly from: number | null; readonly to: number | null };

/** The state of such a stream. */
export type AppendedState = {
  readonly position: Position;
  /** What is left to read, newest first. */
  readonly left: readonly Span[];
  /** The same, for people. */
  readonly outstanding?: { readonly what: string; readonly before: string | null };
};

export interface AppendedOptions<T extends Table, Item> {
  readonly table: T;
  /** What is listed, for messages: `event logs`. */
  readonly what: string;
  /**
   * Requests rows from before `to`, the newest first, after the first `offset` of them. Rows from before `from` may be
   * among them: they are not needed.
   */
  page(span: Span, offset: number): Promise<{ readonly rows: readonly Item[]; readonly total: number }>;
  /** When a row was added, in ms since 1970: the list's order. */
  timeOf(item: Item): number;
  keyOf(item: Item): string;
  rowsOf(item: Item): readonly Row<T>[];
  readonly state: AppendedState | undefined;
  /** The server's clock before anything was read. */
  readonly position: Position;
  /**
   * Where this sync begins: the last position less the overlap, see `windowStart`; at the first sync, null for everything.
   */
  readonly from: number | null;
}

/**
 * Reads what is new, and then what is left. Each page is stored with the rest that is left after it, so a sync that stops
 * resumes there. Pages are addressed by time, so rows that come or go meanwhile shift none.
 */
export async function* readAppended<T extends Table, Item>(
  options: AppendedOptions<T, Item>,
): AsyncGenerator<StreamBatch<T, AppendedState> & { readonly table: T }> {
  const { table, what, position, from, rowsOf, timeOf, keyOf } = options;
  let left: readonly Span[] = [{ from, to: null }, ...(options.state?.left ?? [])];
  const state = (): AppendedState => {
    const [next] = left;
    if (!next) return { position, left };
    const before = next.to === null ? null : new Date(next.to).toISOString();
    return { position, left, outstanding: { what: `older ${what}`, before } };
  };
  const walk = createWalk(what);
  for (let offset = 0; ; ) {
    const [span, ...rest] = left;
    if (!span) return;
    const { rows, total } = await options.page(span, offset);
    const oldest = rows.reduce((least, row) => Math.min(least, timeOf(row)), Number.POSITIVE_INFINITY);
    const isEnd = rows.length === 0 || offset + rows.length === total || (span.from !== null && oldest < span.from);
    if (!isEnd) walk.page(rows.map(keyOf));
    // Rows of the same millisecond may follow on the next page. If they fill a page, it is reached by its offset.
    const to = Math.floor(oldest) + 1;
    offset = isEnd || span.to === null || to < span.to ? 0 : offset + rows.length;
    left = isEnd ? rest : [{ ...span, to }, ...rest];
    yield { table, upserts: rows.flatMap(rowsOf), state: state() };
  }
}
