import { checkWhole, type Invalid } from "./options.ts";
import type { Progress } from "./progress.ts";

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the list continues: pass it as `pageToken` with the same filters and order. Null after the last page. */
  readonly nextPageToken: string | null;
  /** The server's count of the whole list; null where it gives none. */
  readonly total: number | null;
}

/** A list on the server. Every iteration, and every call of a method, sends new requests. */
export interface List<T> extends AsyncIterable<T> {
  /** The items in the server's pages, for a table with "next". */
  pages(): AsyncIterable<Page<T>>;
  /** All items; with `first`, at most that many. */
  toArray(): Promise<T[]>;
  /** How many items the server has, in one request. Neither `first` nor `pageToken` changes it. */
  count(): Promise<number>;
}

/** Which part of a list to request. */
export interface ListOptions {
  /** The maximum number of items. No more requests are sent than these need. @default all */
  readonly first?: number | undefined;
  /** Items per request. A server may return fewer. @default 100 */
  readonly pageSize?: number | undefined;
  /** A page's `nextPageToken`, or a failed list's `error.pageToken`: continues there. @default the beginning */
  readonly pageToken?: string | undefined;
}

/** A request for one page. */
export interface PageRequest {
  /** Undefined for the first page. */
  readonly pageToken: string | undefined;
  /** The most items that are wanted. */
  readonly pageSize: number;
}

/** How a server lists things. */
export interface ListSource<T> {
  ask(request: PageRequest): Promise<Page<T>>;
  count(): Promise<number>;
  /** The keys of items, by which an endless list is noticed. */
  keysOf(items: readonly T[]): Iterable<string>;
  /** Creates the check of one walk: see `createProgress`. */
  progress(): Progress;
  /** Creates the error for an invalid option. */
  invalid: Invalid;
}

/** What {@link ListOptions} leave open. */
const defaultPageSize = 100;

/**
 * Creates a list. Options are checked here, before anything is requested.
 *
 * An error of a page has its token as `pageToken`, so that a list which failed can continue there.
 */
export function createList<T>(source: ListSource<T>, options: ListOptions = {}): List<T> {
  const { first = Number.POSITIVE_INFINITY, pageSize = defaultPageSize, pageToken } = options;
  if (options.first !== undefined) checkWhole("first", first, 0, source.invalid);
  checkWhole("pageSize", pageSize, 1, source.invalid);

  async function* pages(): AsyncGenerator<Page<T>, void, undefined> {
    const progress = source.progress();
    let left = first;
    let token = pageToken;
    while (left > 0) {
      const page = await askAt(source, { pageToken: token, pageSize: Math.min(pageSize, left) });
      // Some servers ignore how many are wanted.
      const items = page.items.length > left ? page.items.slice(0, left) : page.items;
      left -= items.length;
      const isEnd = items.length === 0 && page.nextPageToken === null && token !== pageToken;
      if (!isEnd) yield items === page.items ? page : { ...page, items };
      if (page.nextPageToken === null) return;
      progress(source.keysOf(page.items), page.nextPageToken);
      token = page.nextPageToken;
    }
  }

  return listOfPages(pages, () => source.count());
}

/** A list whose items are those of its pages. */
export function listOfPages<T>(pages: () => AsyncIterable<Page<T>>, count: () => Promise<number>): List<T> {
  async function* items(): AsyncGenerator<T, void, undefined> {
    for await (const page of pages()) yield* page.items;
  }
  return {
    pages,
    [Symbol.asyncIterator]: items,
    async toArray() {
      const all: T[] = [];
      for await (const item of items()) all.push(item);
      return all;
    },
    count,
  };
}

async function askAt<T>(source: ListSource<T>, request: PageRequest): Promise<Page<T>> {
  try {
    return await source.ask(request);
  } catch (error) {
    // Only errors of our packages: an abort's reason is the caller's own object.
    if (request.pageToken !== undefined && error instanceof Error && "retryable" in error)
      Object.assign(error, { pageToken: request.pageToken });
    throw error;
  }
}
