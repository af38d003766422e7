import { createList } from "@org/kit";
import type { AirflowClient } from "./client.ts";
import type { AirflowCallOptions, Data, Parameters, Paths, PathWith } from "./operations.ts";
import { type AirflowPage, type ListParams, pagesOf } from "./pages.ts";

type ListOperation<P extends keyof Paths> = Paths[P]["get"];

/** The paths whose GET returns a paged list. */
export type ListPath = {
  [P in PathWith<"get">]: "offset" extends QueryKeys<NonNullable<Parameters<ListOperation<P>>["query"]>> ? P : never;
}[PathWith<"get">];
type QueryKeys<Q> = [Q] extends [never] ? never : keyof Q;

/** An item of the array in a list's response. */
export type ListItem<P extends ListPath> = ArrayItem<Data<ListOperation<P>>>;
type ArrayItem<T> = { [K in keyof T]-?: T[K] extends readonly (infer I)[] ? I : never }[keyof T];

/** A list's parameters, except those that paging sets itself. */
type ListParameters<P extends ListPath> = {
  [K in keyof Parameters<ListOperation<P>>]: K extends "query"
    ? Omit<NonNullable<Parameters<ListOperation<P>>[K]>, "offset" | "cursor">
    : Parameters<ListOperation<P>>[K];
};

/** Options of {@link paginate}: the list's parameters, and limits of each request. */
export type PaginateOptions<P extends ListPath> = AirflowCallOptions &
  (Record<never, never> extends ListParameters<P>
    ? { readonly params?: ListParameters<P> | undefined }
    : { readonly params: ListParameters<P> });

/**
 * Yields the pages of any list by its path, each with its `response`, whose `Date` header is the server's clock. A page
 * has `limit` rows, 100 unless given; servers lower it silently (`[api] maximum_page_limit`).
 *
 * Runs and task instances are read by keyset cursor, ordered by `id`, if the server supports it (3.2.2 and later):
 * every row that exists throughout is returned, whatever else changes. A task instance that is cleared during the walk
 * gets a new id, and may be returned twice.
 *
 * Everything else, any other `order_by`, and older servers, are walked by offset, which **cannot guarantee that**: if a
 * row before the offset is deleted or changes its place, a row that existed throughout is skipped silently; if one is
 * added before it, a row is returned twice. Read lists that do not change, or compare counts afterwards.
 *
 * @throws AirflowError `PAGING` if the list would never end, `UNEXPECTED_ANSWER` if a response is not a page, and any
 * error of a GET.
 */
export async function* paginate<P extends ListPath>(
  client: Pick<AirflowClient, "GET">,
  path: P,
  ...[options]: Record<never, never> extends PaginateOptions<P> ? [PaginateOptions<P>?] : [PaginateOptions<P>]
): AsyncGenerator<AirflowPage<ListItem<P>>, void, undefined> {
  const { params = {}, ...call } = (options ?? {}) as AirflowCallOptions & { readonly params?: ListParams };
  const { limit, ...query } = params.query ?? {};
  const source = pagesOf<ListItem<P>>(client, path, { ...params, query }, call);
  const pageSize = limit === undefined || limit === null ? undefined : Number(limit);
  yield* createList(source, { pageSize }).pages() as AsyncIterable<AirflowPage<ListItem<P>>>;
}
