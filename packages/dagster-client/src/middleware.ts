/** A request on its way out, without the credentials: those of `auth` and `headers` are added behind the last middleware. */
export interface DagsterMiddlewareRequest {
  /** The operation as its document names it, e.g. `query RunsPage` or `mutation LaunchRun`. */
  readonly operation: string;
  readonly method: string;
  /** The GraphQL endpoint. */
  readonly url: string;
  /** What is sent besides credentials. A middleware may add to it, `traceparent` for one. */
  readonly headers: Headers;
}

/** An answer, whatever its status. */
export interface DagsterExchange {
  /** Its body was read already. */
  readonly response: Response;
  /** The body, as the server sent it. */
  readonly body: string;
}

/**
 * A function around every request of a client.
 *
 * ```ts
 * const timed: DagsterMiddleware = async ({ operation }, next) => {
 *   const start = performance.now();
 *   const exchange = await next();
 *   console.log(operation, exchange.response.status, performance.now() - start);
 *   return exchange;
 * };
 * ```
 *
 * `next` rejects with a `DagsterNetworkError` where no answer came, after an abort too. That an answer says that
 * something failed is found out after the outermost middleware.
 */
export type DagsterMiddleware = (
  request: DagsterMiddlewareRequest,
  next: () => Promise<DagsterExchange>,
) => Promise<DagsterExchange>;
