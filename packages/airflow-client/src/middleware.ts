/** A request as a middleware sees it: without credentials, and without its body, which may contain some. */
export interface AirflowRequest {
  /** Its name, the same for all ids: `GET /api/v2/dags/{dag_id}`, or `POST /auth/token` for a login. */
  readonly operation: string;
  readonly method: string;
  /** The whole URL. */
  readonly url: string;
  /**
   * Sent with the request. A middleware may add to them; the client's own headers and credentials are added later, and
   * take precedence.
   */
  readonly headers: Headers;
}

/** The response, whatever its status. */
export interface AirflowExchange {
  /** For status and headers; its body was read. */
  readonly response: Response;
  readonly body: string;
}

/**
 * Wraps every HTTP request of a client, including logins and repeated requests: runs code before and after `next()`,
 * which sends the request and reads its response, or rejects with an `AirflowNetworkError`.
 *
 * @example const timed: AirflowMiddleware = async (request, next) => { const start = performance.now(); const exchange
 * = await next(); console.log(request.operation, exchange.response.status, performance.now() - start); return exchange;
 * };
 */
export type AirflowMiddleware = (
  request: AirflowRequest,
  next: () => Promise<AirflowExchange>,
) => Promise<AirflowExchange>;
