/** Wraps a request: runs code before and after `next()`, which sends it. */
export type Middleware<Request, Exchange> = (request: Request, next: () => Promise<Exchange>) => Promise<Exchange>;

/**
 * Sends a request through all of them; the first is the outermost. The middleware around one can catch even its
 * synchronous errors.
 */
export function through<Request, Exchange>(
  middleware: readonly Middleware<Request, Exchange>[],
  request: Request,
  send: () => Promise<Exchange>,
): Promise<Exchange> {
  return middleware.reduceRight<() => Promise<Exchange>>((next, one) => async () => one(request, next), send)();
}
