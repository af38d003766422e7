import { listOf } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import type { CallOptions } from "../operations.ts";
import { type ListItem, type ListPath, type Page, type PaginateOptions, paginate } from "../paginate.ts";

/** A list on the server: iterate over its items (`for await`), or over its pages. Each iteration sends new requests. */
export interface List<T> extends AsyncIterable<T> {
  /** The same as pages, with the server's count and its clock. */
  pages(): AsyncIterable<Page<T>>;
}

/** Filters of a list; paging is automatic. An empty list of ids or states yields nothing. */
export type ListQuery<P extends ListPath> = NonNullable<NonNullable<PaginateOptions<P>["params"]>["query"]> &
  CallOptions;

/** Creates the lists of this package. @see paginate for what each way of paging guarantees */
export function list<P extends ListPath>(
  client: Pick<AirflowClient, "GET">,
  path: P,
  { signal, timeoutMs, maxResponseBytes, parseJson, ...query }: ListQuery<P>,
  ids?: Readonly<Record<string, string | number>>,
): List<ListItem<P>> {
  // The types above hold for each path; internally, all are the same.
  const walk = paginate as unknown as (
    client: Pick<AirflowClient, "GET">,
    path: P,
    options: CallOptions & { readonly params: object },
  ) => AsyncIterable<Page<ListItem<P>>>;
  // The server would treat an empty list as no filter.
  const isEmpty = Object.entries(query).some(([name, value]) => name !== "order_by" && isEmptyList(value));
  async function* pages() {
    const limits = { signal, timeoutMs, maxResponseBytes, parseJson };
    if (!isEmpty) yield* walk(client, path, { params: { query, ...(ids && { path: ids }) }, ...limits });
  }
  return listOf(pages, ({ items }) => items);
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;
