/** A list of the server: its items one by one (`for await`), or page by page. Each walk asks anew. */
export interface List<Item, Page> extends AsyncIterable<Item> {
  pages(): AsyncIterable<Page>;
}

/** A list of what pages hold. */
export function listOf<Item, Page>(
  pages: () => AsyncIterable<Page>,
  items: (page: Page) => readonly Item[],
): List<Item, Page> {
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) yield* items(page);
    },
  };
}
