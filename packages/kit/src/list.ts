/** A list on the server: iterate over its items (`for await`), or over its pages. Each iteration sends new requests. */
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
