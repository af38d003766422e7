/**
 * Reads several iterables concurrently, and yields their items in order, one iterable after another. While the first one
 * is consumed, the first item of each of the next ones is already requested. Holds at most one item of each of the
 * `ahead` iterables, so memory stays bounded.
 *
 * @param ahead how many are read at once, at least 1; a function is called before each is begun
 */
export async function* inOrder<T>(
  iterables: Iterable<() => AsyncIterable<T>>,
  ahead: number | (() => number),
): AsyncGenerator<T> {
  const waiting: { iterator: AsyncIterator<T>; next: Promise<IteratorResult<T>> }[] = [];
  const source = iterables[Symbol.iterator]();
  const fill = () => {
    while (waiting.length < Math.max(1, typeof ahead === "number" ? ahead : ahead())) {
      const { value, done } = source.next();
      if (done) return;
      const iterator = value()[Symbol.asyncIterator]();
      const next = iterator.next();
      next.catch(() => {}); // Awaited below, in its turn. Until then, avoid an unhandled rejection.
      waiting.push({ iterator, next });
    }
  };
  try {
    for (fill(); waiting[0]; waiting.shift(), fill()) {
      const { iterator, next } = waiting[0];
      for (let result = await next; !result.done; result = await iterator.next()) yield result.value;
    }
  } finally {
    await Promise.allSettled(waiting.map(({ iterator }) => iterator.return?.()));
  }
}
