/** An outgoing request without its credentials: those of `auth` and `headers` are added after the last middleware. */
export interface DagsterRequest {
  /** The operation as named in its document, e.g. `query RunsPage` or `mutation LaunchRun`. */
  readonly operation: string;
  readonly method: string;
  /** The GraphQL endpoint. */
  readonly url: string;
  /** The headers without credentials. A middleware may add to them, for example `traceparent`. */
  readonly headers: Headers;
}

/** A response, whatever its status. */
export interface DagsterExchange {
  /** Its body was already read. */
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
 * `next` rejects with a `DagsterNetworkError` if there is no response, also after an abort. Errors within a response are
 * detected after the outermost middleware.
 */
export type DagsterMiddleware = (
  request: DagsterRequest,
  next: () => Promise<DagsterExchange>,
) => Promise<DagsterExchange>;
