import { createList, type List, type ListOptions, type ListSource } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { rowsIn } from "../expect.ts";
import { invalidOption } from "../invalid-option.ts";
import type { AirflowCallOptions, Result } from "../operations.ts";
import { listSource, pagesOf } from "../pages.ts";
import type { ListItem, ListPath, PaginateOptions } from "../paginate.ts";

type Query<P extends ListPath> = NonNullable<NonNullable<PaginateOptions<P>["params"]>["query"]>;

/** What a list can be sorted by: a field of its rows, ascending, or descending after a `-`. */
export type OrderBy<P extends ListPath> =
  Query<P> extends { readonly order_by?: readonly (infer Name)[] | undefined } ? Name : never;

/** Filters of a list, its order, and which part of it. An empty list of ids or states yields nothing. */
export type ListQuery<P extends ListPath> = Omit<Query<P>, "order_by" | "limit"> &
  ListOptions & {
    /** The field to sort by, `-` first for descending. Rows that are equal in it follow their id. @default the server's */
    readonly orderBy?: OrderBy<P> | undefined;
  };

/** Creates the lists of this package. @see paginate for what each way of paging guarantees */
export function list<P extends ListPath>(
  client: Pick<AirflowClient, "GET">,
  path: P,
  options: ListQuery<P>,
  call: AirflowCallOptions,
  ids?: Readonly<Record<string, string | number>>,
): List<ListItem<P>> {
  const { first, pageSize, pageToken, orderBy, ...filters } = options as ListQuery<P> & { orderBy?: string };
  const query = { ...filters, ...(orderBy !== undefined && { order_by: [orderBy] }) };
  const source = pagesOf<ListItem<P>>(client, path, { query, ...(ids && { path: ids }) }, call);
  return createList(matchesNothing(filters) ? emptySource(source) : source, { first, pageSize, pageToken });
}

/** How a list is paged by a body. */
interface BodyList extends ListOptions {
  readonly orderBy?: string | undefined;
}

/**
 * A list by POST, whose filters and paging are in its body.
 *
 * @param bodyOf the filters; requested once for each walk, and undefined if they match nothing
 */
export function listByBody<T>(
  path: string,
  { first, pageSize, pageToken, orderBy }: BodyList,
  send: (body: object) => Promise<Result<unknown>>,
  bodyOf: () => Promise<object | undefined>,
): List<T> {
  let filters: Promise<object | undefined> | undefined;
  const source = listSource<T>(
    `POST ${path}`,
    async ({ limit, offset = 0 }) => {
      if (offset === 0) filters = undefined;
      filters ??= bodyOf();
      const body = await filters.catch((error: unknown) => {
        filters = undefined;
        throw error;
      });
      if (!body) return { data: { rows: [], total_entries: 0 }, response: new Response(), bytes: 0 };
      return send({ ...body, order_by: orderBy ?? "id", page_limit: limit, page_offset: offset });
    },
    "none",
  );
  return createList(source, { first, pageSize, pageToken });
}

/** A list that the server returns as a whole. @param ask returns its rows */
export function listAtOnce<T>(call: string, name: string, ask: () => Promise<readonly T[]>): List<T> {
  const rows = async () => rowsIn(call, await ask(), name);
  const source: ListSource<T> = {
    async ask() {
      const items = await rows();
      return { items, nextPageToken: null, total: items.length };
    },
    count: async () => (await rows()).length,
    keysOf: () => [],
    progress: () => () => undefined,
    invalid: invalidOption,
  };
  return createList(source);
}

/** The server would treat an empty list as no filter. */
export function matchesNothing(filters: object): boolean {
  return Object.values(filters).some((value) => Array.isArray(value) && value.length === 0);
}

function emptySource<T>(source: ListSource<T>): ListSource<T> {
  return { ...source, ask: async () => ({ items: [], nextPageToken: null, total: 0 }), count: async () => 0 };
}
