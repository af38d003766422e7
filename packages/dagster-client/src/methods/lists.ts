/** How the lists of this package are made: all of one type, whatever the server offers. */
import { checkWhole, createList, type List, type ListOptions, type ListSource, listOfPages, type Page } from "@org/kit";
import { invalid } from "../client-options.ts";
import { DagsterError } from "../errors.ts";
import { createProgress } from "../progress.ts";

/** How the server lists something by page. */
export interface Paging<T> {
  /** What is listed, for messages: `Dagster's ticks`. */
  readonly what: string;
  readonly ask: ListSource<T>["ask"];
  readonly keyOf: (item: T) => string;
  /** @default reads all pages */
  readonly count?: (() => Promise<number>) | undefined;
}

/** A list that the server returns by page. */
export function pagedList<T>({ what, ask, keyOf, count }: Paging<T>, options: ListOptions): List<T> {
  const source: ListSource<T> = {
    ask,
    keysOf: (items) => items.map(keyOf),
    progress: () => createProgress(what),
    invalid,
    count: count ?? (async () => (await all.toArray()).length),
  };
  const { pageSize } = options;
  const all = createList(source, pageSize === undefined ? {} : { pageSize });
  return createList(source, options);
}

/** What the server returns as a whole, in one request: `first` and `pageToken` only choose a part of it. */
export function wholeList<T>(read: () => Promise<readonly T[]>, options: ListOptions = {}): List<T> {
  const ask = async (): Promise<Page<T>> => {
    const items = await read();
    return { items, nextPageToken: null, total: items.length };
  };
  const { first } = options;
  const source = { ask, keysOf: () => [], progress: () => () => {}, invalid, count: async () => (await read()).length };
  return createList<T>(source, first === undefined ? {} : { first });
}

/** A page of a walk. */
export interface WalkedPage<T> {
  readonly items: readonly T[];
  /** Where to continue; null if nothing follows for certain. */
  readonly nextPageToken: string | null;
}

/** A list whose pages come from a walk, which remembers more than its last page token. @param walk `left`: items wanted */
export function walkedList<T>(
  walk: (left: () => number) => AsyncIterable<WalkedPage<T>>,
  count: () => Promise<number>,
  { first = Number.POSITIVE_INFINITY, pageToken }: ListOptions,
): List<T> {
  if (first !== Number.POSITIVE_INFINITY) checkWhole("first", first, 0, invalid);
  async function* pages(): AsyncGenerator<Page<T>, void, void> {
    let left = first;
    if (left === 0) return;
    let reached: string | null | undefined = pageToken;
    try {
      for await (const page of walk(() => left)) {
        const items = page.items.length > left ? page.items.slice(0, left) : page.items;
        left -= items.length;
        reached = page.nextPageToken;
        yield { items, nextPageToken: reached, total: null };
        if (left <= 0) return;
      }
    } catch (error) {
      // Where to continue, as in other lists; an abort's reason is the caller's own object.
      if (typeof reached === "string" && error instanceof DagsterError) Object.assign(error, { pageToken: reached });
      throw error;
    }
  }
  return listOfPages(pages, count);
}
