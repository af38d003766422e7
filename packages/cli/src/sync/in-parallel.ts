/**
 * Processes items in order, several at once, those with the same key one after the other.
 *
 * @param options.limit how many at once
 * @param options.keyOf a resource that no two may hold at once; undefined if an item holds none
 * @param work must not reject
 * @returns the results in the order of the items
 */
export async function inParallel<T, R>(
  items: readonly T[],
  { limit, keyOf }: { readonly limit: number; readonly keyOf: (item: T) => string | undefined },
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const waiting = items.map((item, index) => ({ item, index, key: keyOf(item) }));
  const held = new Set<string>();
  const running = new Set<Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ key }) => key === undefined || !held.has(key));
    if (next < 0 || running.size >= limit) {
      await Promise.race(running);
      continue;
    }
    const [{ item, index, key }] = waiting.splice(next, 1) as [(typeof waiting)[number]];
    if (key !== undefined) held.add(key);
    const done = work(item).then((result) => {
      results[index] = result;
      if (key !== undefined) held.delete(key);
      running.delete(done);
    });
    running.add(done);
  }
  return results;
}
