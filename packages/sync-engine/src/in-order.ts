/**
 * Reads several iterables at once and yields their items one iterable after the other, in the order given: while the
 * first is consumed, the first item of each of the next ones is already asked for. Never holds more than one item of
 * each of the `ahead` iterables, so memory does not grow with what they hold.
 */
export async function* inOrder<T>(iterables: Iterable<() => AsyncIterable<T>>, ahead: number): AsyncGenerator<T> {
  const waiting: { iterator: AsyncIterator<T>; next: Promise<IteratorResult<T>> }[] = [];
  const source = iterables[Symbol.iterator]();
  const fill = () => {
    while (waiting.length < Math.max(1, ahead)) {
      const { value, done } = source.next();
      if (done) return;
      const iterator = value()[Symbol.asyncIterator]();
      const next = iterator.next();
      next.catch(() => {}); // Awaited in its turn; until then the rejection is unhandled on purpose.
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
