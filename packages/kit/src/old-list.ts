/** A list whose pages have a shape of their own. To be replaced by `createList`. */
export interface PagedList<Item, Page> extends AsyncIterable<Item> {
  pages(): AsyncIterable<Page>;
}

/** A list of what pages hold. */
export function listOf<Item, Page>(
  pages: () => AsyncIterable<Page>,
  items: (page: Page) => readonly Item[],
): PagedList<Item, Page> {
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) yield* items(page);
    },
  };
}
