import { createProgress, isRecord } from "@org/kit";
import type { AirflowClient } from "./client.ts";
import { AirflowError } from "./errors.ts";
import { isCount, kindOf, rowsIn, unexpected } from "./expect.ts";
import type { CallOptions, Data, Parameters, Paths, PathWith, Result } from "./operations.ts";

type ListOperation<P extends keyof Paths> = Paths[P]["get"];

/** The paths whose GET returns a paged list. */
export type ListPath = {
  [P in PathWith<"get">]: "offset" extends QueryKeys<NonNullable<Parameters<ListOperation<P>>["query"]>> ? P : never;
}[PathWith<"get">];
type QueryKeys<Q> = [Q] extends [never] ? never : keyof Q;

/** The lists that a server with keyset paging (3.2.2 and later) can walk by cursor. */
type CursorPath = "/api/v2/dags/{dag_id}/dagRuns" | "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances";

const cursorPaths: ReadonlySet<string> = new Set<CursorPath>([
  "/api/v2/dags/{dag_id}/dagRuns",
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",
]);

/** An item of the array in a list's response. */
export type ListItem<P extends ListPath> = ArrayItem<Data<ListOperation<P>>>;
type ArrayItem<T> = { [K in keyof T]-?: T[K] extends readonly (infer I)[] ? I : never }[keyof T];

/** A list's parameters, except those that paging sets itself. */
type ListParameters<P extends ListPath> = {
  [K in keyof Parameters<ListOperation<P>>]: K extends "query"
    ? Omit<
        NonNullable<Parameters<ListOperation<P>>[K]>,
        "offset" | "cursor" | (P extends CursorPath ? "order_by" : never)
      >
    : Parameters<ListOperation<P>>[K];
};

/** Options of {@link paginate}: the list's parameters, and limits of each request. */
export type PaginateOptions<P extends ListPath> = CallOptions &
  (Record<never, never> extends ListParameters<P>
    ? { readonly params?: ListParameters<P> }
    : { readonly params: ListParameters<P> });

/** One page of a list. */
export interface Page<T> extends Result<unknown> {
  readonly items: readonly T[];
  /** The server's count of the whole list: null if there is none, at most 50,000 in cursor mode. */
  readonly total: number | null;
  /** How the list is walked. */
  readonly mode: "cursor" | "offset";
}

/**
 * Yields the pages of a list until its end. Each page carries the `response`, whose `Date` header is the server's
 * clock.
 *
 * Runs and task instances are read by keyset cursor, ordered by `id`, if the server supports it (3.2.2 and later):
 * every row that exists throughout is returned, whatever else changes. A task instance that is cleared during the walk
 * gets a new id, and may be returned twice.
 *
 * Everything else, and older servers, is walked by offset, which **cannot guarantee that**: if a row before the offset
 * is deleted or changes its place, a row that existed throughout is skipped silently; if one is added before it, a row
 * is returned twice. Read lists that do not change, or compare counts afterwards. Each page advances by the rows
 * received, not by `limit`, which servers lower silently (`[api] maximum_page_limit`, 100 unless configured).
 *
 * @throws AirflowError `PAGE_TOKEN_REPEATED` if the server's tokens form a cycle, `NO_PROGRESS` if its pages contain
 * nothing new, `UNEXPECTED_ANSWER` if a response is not a page, and any error of a GET.
 */
export async function* paginate<P extends ListPath>(
  client: Pick<AirflowClient, "GET">,
  path: P,
  ...[options]: Record<never, never> extends PaginateOptions<P> ? [PaginateOptions<P>?] : [PaginateOptions<P>]
): AsyncGenerator<Page<ListItem<P>>, void, undefined> {
  // The types above hold for each path; internally, all are the same.
  const get = client.GET as unknown as (path: string, init: object) => Promise<Result<unknown>>;
  const { params, ...limits } = (options ?? {}) as { params?: { query?: object } };
  const ask = async (paging: object): Promise<RawPage> =>
    readPage(path, await get(path, { ...limits, params: { ...params, query: { ...params?.query, ...paging } } }));

  const call = `GET ${path}`;
  const progress = createProgress((code, why) => {
    const message = `${call}: the listing would never end, because ${why}. Is there a cache in between that ignores a part of the URL?`;
    return new AirflowError({ code, message });
  });
  // An older server ignores the cursor, and has responded with the first page by offset.
  const byId = cursorPaths.has(path) ? { order_by: ["id"] } : {};
  let page = await ask(cursorPaths.has(path) ? { ...byId, cursor: "" } : { offset: 0 });
  if (page.nextToken !== undefined && cursorPaths.has(path)) {
    for (;;) {
      yield toPage<ListItem<P>>(page, "cursor");
      if (page.nextToken === null) return;
      progress(keysOf(page.items), page.nextToken);
      page = await ask({ ...byId, cursor: page.nextToken });
      if (page.nextToken === undefined)
        throw unexpected(call, "a response without next_cursor in the middle of a list");
    }
  }
  for (let offset = 0; ; page = await ask({ ...byId, offset })) {
    offset += page.items.length;
    if (page.items.length > 0 || offset === 0) yield toPage<ListItem<P>>(page, "offset");
    if (page.total === null) throw unexpected(call, "a response without total_entries");
    // A count that is lower than what arrived proves nothing.
    if (page.items.length === 0 || offset === page.total) return;
    progress(keysOf(page.items));
  }
}

interface RawPage extends Result<unknown> {
  readonly items: readonly object[];
  readonly total: number | null;
  /** undefined: the server does not support cursors. null: this was the last page. */
  readonly nextToken: string | null | undefined;
}

function readPage(path: string, { data, response, bytes }: Result<unknown>): RawPage {
  const call = `GET ${path}`;
  const lists = isRecord(data) ? Object.entries(data).filter(([, value]) => Array.isArray(value)) : [];
  const [list] = lists;
  if (!isRecord(data) || !list || lists.length > 1) throw unexpected(call, "a response that is not a list");
  const items = rowsIn(call, list[1] as readonly object[], list[0]);
  const { next_cursor: token, total_entries: total } = data;
  if (token !== undefined && token !== null && typeof token !== "string")
    throw unexpected(call, "a next_cursor that is not a string");
  if (total !== undefined && total !== null && !isCount(total))
    throw unexpected(call, `total_entries that ${kindOf(total)}, expected a whole number from 0`);
  return { data, response, bytes, items, total: total ?? null, nextToken: token };
}

function toPage<T>(page: RawPage, mode: Page<T>["mode"]): Page<T> {
  const { data, response, bytes, total } = page;
  return { items: page.items as readonly T[], total, mode, data, response, bytes };
}

/** The keys of rows: their ids and names, or all their fields if they have none. */
function keysOf(rows: readonly object[]): string[] {
  const names = Object.keys(rows[0] ?? {}).filter((name) => /(^|_)(id|index|key|name|number)$/.test(name));
  return rows.map((row) =>
    JSON.stringify(names.length > 0 ? names.map((name) => (row as Record<string, unknown>)[name]) : row),
  );
}
