/** Streams of lists that only grow: what is new since the last sync, and then what earlier syncs did not get to. */
import type { AirflowClient } from "@org/airflow-client";
import type { Row, Table } from "@org/destination";
import {
  type AppendedState,
  defineStream,
  isTooLarge,
  parsePosition,
  readAppended,
  type Shape,
  type Stream,
} from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import { LARGEST_GET } from "./listings.ts";
import { type AirflowList, airflowList } from "./lists.ts";
import { caught500, isForbidden } from "./server-errors.ts";
import type { AirflowSync } from "./shared.ts";

/** How long a row that cannot be read is requested again at each sync, in ms. */
const RETRY_MS = 7 * 24 * 60 * 60 * 1000;

type Call<Item> = AirflowList<Item>["page"];
type Query = Parameters<Call<unknown>>[1];

export interface AppendedList<T extends Table, Item> {
  readonly name: string;
  readonly table: T;
  readonly revision: number;
  /** When a row was added. Older ones that the server forgot are kept. */
  readonly datedBy?: keyof T["columns"] & string;
  /** What is listed, for messages: `event logs`. */
  readonly what: string;
  /** The name of the rows in a response. */
  readonly rows: string;
  readonly key: keyof Item & string;
  readonly fields: Readonly<Record<string, Shape>>;
  /** Requests a page, the newest rows first. @param before a timestamp: only rows from before it, if given */
  page(
    client: AirflowClient,
    query: Query & { readonly before: string | undefined },
    limits: Parameters<Call<Item>>[2],
    airflow: AirflowSync,
  ): Promise<unknown>;
  timeOf(item: Item): string;
  rowsOf(item: Item): readonly Row<T>[];
}

/** Reads such a list; see {@link readAppended}. */
export async function* readAppendedList<T extends Table, Item extends object>(
  airflow: AirflowSync,
  list: AppendedList<T, Item>,
  state: AppendedState | undefined,
  sampleSince: number | undefined,
) {
  const { position: now } = await airflow.listedDags();
  const position = { ...now };
  const last = parsePosition(state?.position, now);
  let before: string | undefined;
  // One declaration for all pages, since it remembers how many rows fit into a response.
  const pages = pagesOf(airflow, list, () => before);
  const newest = () => newestOf(airflow, list);
  try {
    await newest();
  } catch (error) {
    if (!isForbidden(error)) throw error;
    airflow.onUnavailable(list.what, error as Error);
    return;
  }
  yield* readAppended<T, Item>({
    table: list.table,
    what: list.what,
    async page(span, offset) {
      before = span.to === null ? undefined : timestampOf(span.to);
      // Another stream of the same list may have asked for the newest ones already.
      const found = await (before === undefined && offset === 0 ? newest() : readable(airflow, pages, offset));
      const { unreadable } = found;
      if (unreadable.length === 0) return found;
      if (found.rows.length === 0) throw unreadable[0]!.cause;
      for (const { at, cause } of unreadable) {
        const [newer, older] = [found.rows[at - 1], found.rows[at]].map((row) => row && list.timeOf(row));
        const where = `one of the ${list.what} between ${older ?? "the beginning"} and ${newer ?? "now"}: ${cause.message}`;
        airflow.onUnreadable({ where, isTooLarge: isTooLarge(cause) });
        // The next sync tries again.
        position.server = Math.max(Math.min(position.server, older ? Date.parse(older) : 0), now.server - RETRY_MS);
      }
      return { rows: found.rows, total: found.total - unreadable.length };
    },
    timeOf: (item) => Date.parse(list.timeOf(item)),
    keyOf: (item) => String(item[list.key]),
    rowsOf: list.rowsOf,
    state: last && state,
    position,
    from: last ? await airflow.windowFrom(last) : (sampleSince ?? null),
  });
}

function pagesOf<T extends Table, Item extends object>(
  airflow: AirflowSync,
  list: AppendedList<T, Item>,
  before: () => string | undefined,
): AirflowList<Item> {
  return airflowList<Item, string>({
    what: list.what,
    name: list.rows,
    key: [list.key],
    fields: list.fields,
    page: (client, query, limits) =>
      list.page(client, { ...query, before: before() }, limits, airflow) as ReturnType<Call<Item>>,
  });
}

/** The newest rows of a list, requested once in a sync. */
export function newestOf<T extends Table, Item extends object>(
  airflow: AirflowSync,
  list: AppendedList<T, Item>,
): Promise<Readable<Item>> {
  return airflow.newestPage(list.rows, () =>
    readable(
      airflow,
      pagesOf(airflow, list, () => undefined),
      0,
    ),
  );
}

/** Some rows of a list, and where in them there are others that the server cannot serialize. */
interface Readable<Item> {
  readonly rows: readonly Item[];
  readonly total: number;
  readonly unreadable: readonly { readonly at: number; readonly cause: Error }[];
}

/** A page, of which ever smaller parts are requested if the server cannot serialize all of it. */
async function readable<Item>(
  airflow: AirflowSync,
  pages: AirflowList<Item>,
  offset: number,
  wanted = LARGEST_GET,
): Promise<Readable<Item>> {
  const { api } = airflow;
  const options = { wanted, least: 1, ...(wanted < LARGEST_GET && { serverErrorRetries: 1 }) };
  const page = await api.listPage(pages, offset, options).catch(caught500);
  if (!(page instanceof Error)) return { ...page, unreadable: [] };
  if (wanted === 1) return { rows: [], total: Number.NaN, unreadable: [{ at: 0, cause: page }] };
  const half = Math.ceil(wanted / 2);
  const first = await readable(airflow, pages, offset, half);
  const came = first.rows.length + first.unreadable.length;
  // The end of the list, or a page that had to be made smaller: the rest is another page.
  if (came < half) return first;
  const second = await readable(airflow, pages, offset + half, wanted - half);
  return {
    rows: [...first.rows, ...second.rows],
    total: Number.isNaN(second.total) ? first.total : second.total,
    unreadable: [
      ...first.unreadable,
      ...second.unreadable.map(({ at, cause }) => ({ at: at + first.rows.length, cause })),
    ],
  };
}

/** An opt-in stream of such a list. */
export function appendedStream<const T extends Table, Item extends object>(
  list: AppendedList<T, Item>,
): Stream<AirflowSync, T, AppendedState> {
  const { name, table, revision, datedBy } = list;
  const dated = datedBy as never;
  return defineStream<AirflowSync, T, AppendedState>({
    ...{ name, table, revision, isOptIn: true },
    ...(datedBy && { needs: [dated], keeps: [{ why: "forgotten", datedBy: dated }], sampleBy: dated }),
    read: ({ shared, state, sampleSince }) => readAppendedList(shared, list, state, sampleSince),
  });
}
