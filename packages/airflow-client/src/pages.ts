import { createProgress, isRecord, type ListSource, type Page, type PageRequest } from "@org/kit";
import type { AirflowClient } from "./client.ts";
import { AirflowError } from "./errors.ts";
import { isCount, kindOf, rowsIn, unexpected } from "./expect.ts";
import { invalidOption } from "./invalid-option.ts";
import type { AirflowCallOptions, Result } from "./operations.ts";

/** One page of a list, with the response that it came in. */
export interface AirflowPage<T> extends Page<T>, Result<unknown> {
  /** How the list is walked. */
  readonly mode: "cursor" | "offset";
}

/** Parameters of any list. */
export interface ListParams {
  readonly path?: object;
  readonly query?: Readonly<Record<string, unknown>>;
}

/** The lists that a server with keyset paging (3.2.2 and later) can walk by cursor. */
const cursorPaths: ReadonlySet<string> = new Set([
  "/api/v2/dags/{dag_id}/dagRuns",
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",
]);

/** A page's parameters, as the server names them. */
interface Paging {
  readonly limit: number;
  readonly offset?: number;
  readonly cursor?: string;
  readonly order_by?: unknown;
}

/** The pages of a list by GET. */
export function pagesOf<T>(
  client: Pick<AirflowClient, "GET">,
  path: string,
  params: ListParams,
  call: AirflowCallOptions,
): ListSource<T> {
  // The types of `paginate` hold for each path; internally, all are the same.
  const get = client.GET as unknown as (path: string, init: object) => Promise<Result<unknown>>;
  const ask = async (paging: Paging) =>
    get(path, { ...call, params: { ...params, query: { ...params.query, ...paging } } });
  return listSource<T>(`GET ${path}`, ask, cursorPaths.has(path) ? params.query?.order_by : "none");
}

/**
 * How the server lists something.
 *
 * @param order the requested order, or "none" where there is no cursor
 */
export function listSource<T>(
  call: string,
  ask: (paging: Paging) => Promise<Result<unknown>>,
  order: unknown,
): ListSource<T> {
  const names = order === undefined || order === null ? ["id"] : [order].flat();
  // In other orders, servers before 3.3.1 lose rows by cursor.
  const isById = names.length === 1 && (names[0] === "id" || names[0] === "-id");
  const byId = order === undefined || order === null ? { order_by: ["id"] } : {};

  async function page({ pageToken, pageSize: limit }: PageRequest): Promise<AirflowPage<T>> {
    const at = readToken(pageToken);
    if (at.cursor !== undefined || (at.offset === undefined && isById)) {
      const answer = await ask({ ...byId, limit, cursor: at.cursor ?? "" });
      const { token } = pagingIn(call, answer);
      if (token !== undefined) return toPage<T>(call, answer, "cursor", token === null ? null : `c${token}`);
      if (at.cursor) throw unexpected(call, "a response without next_cursor in the middle of a list");
      // An older server ignores the cursor, and has responded with the first page by offset.
      return byOffset(answer, 0);
    }
    const offset = at.offset ?? 0;
    return byOffset(await ask({ ...byId, limit, offset }), offset);
  }

  function byOffset(answer: Result<unknown>, offset: number): AirflowPage<T> {
    const { total } = pagingIn(call, answer);
    if (total === null) throw unexpected(call, "a response without total_entries");
    const count = rowsOf(call, answer).length;
    // A count that is lower than what arrived proves nothing.
    const isLast = count === 0 || offset + count === total;
    return toPage<T>(call, answer, "offset", isLast ? null : `o${offset + count}`);
  }

  return {
    ask: page,
    async count() {
      const answer = await ask({ ...byId, limit: 1, offset: 0 });
      const { total } = pagingIn(call, answer);
      if (total === null) throw unexpected(call, "a response without total_entries");
      return total;
    },
    keysOf: (items) => keysOf(items as readonly object[]),
    progress: () =>
      createProgress((why) => {
        const message = `${call}: the listing would never end, because ${why}. Is there a cache in between that ignores a part of the URL?`;
        return new AirflowError({ code: "PAGING", message });
      }),
    invalid: invalidOption,
  };
}

/** What a token of ours says: `o120`, or `c` and the server's cursor. */
function readToken(token: string | undefined): { readonly offset?: number; readonly cursor?: string } {
  if (token === undefined) return {};
  const text = String(token);
  if (/^o\d+$/.test(text)) return { offset: Number(text.slice(1)) };
  if (/^c./.test(text)) return { cursor: text.slice(1) };
  throw invalidOption("`pageToken` must be the `nextPageToken` of a page of this list");
}

function toPage<T>(
  call: string,
  answer: Result<unknown>,
  mode: AirflowPage<T>["mode"],
  nextPageToken: string | null,
): AirflowPage<T> {
  const items = rowsOf(call, answer) as readonly T[];
  return { ...answer, items, nextPageToken, total: pagingIn(call, answer).total, mode };
}

/** The only list in a response. */
function rowsOf(call: string, { data }: Result<unknown>): readonly object[] {
  const lists = isRecord(data) ? Object.entries(data).filter(([, value]) => Array.isArray(value)) : [];
  const [list] = lists;
  if (!list || lists.length > 1) throw unexpected(call, "a response that is not a list");
  const [name, rows] = list as [string, readonly object[]];
  // Tags are the only rows that are text.
  const areTags = name === "tags" && rows.every((row) => typeof row === "string");
  return areTags ? rows : rowsIn(call, rows, name);
}

/** @returns token undefined: the server does not support cursors; null: this was the last page */
function pagingIn(call: string, { data }: Result<unknown>): { total: number | null; token: string | null | undefined } {
  const { next_cursor: token, total_entries: total } = isRecord(data) ? data : {};
  if (token !== undefined && token !== null && typeof token !== "string")
    throw unexpected(call, "a next_cursor that is not a string");
  if (total !== undefined && total !== null && !isCount(total))
    throw unexpected(call, `total_entries that ${kindOf(total)}, expected a whole number from 0`);
  return { total: total ?? null, token };
}

/** The keys of rows: their ids and names, or all their fields if they have none. */
function keysOf(rows: readonly object[]): string[] {
  const names = Object.keys(rows[0] ?? {}).filter((name) => /(^|_)(id|index|key|name|number)$/.test(name));
  return rows.map((row) =>
    JSON.stringify(names.length > 0 ? names.map((name) => (row as Record<string, unknown>)[name]) : row),
  );
}
