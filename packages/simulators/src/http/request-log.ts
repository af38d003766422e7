import type { SimulatedRequest } from "./faults.ts";

/** A request that a simulated server received. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  /** The query as it was sent, without the question mark. */
  readonly query: string;
  /** The status of the response; 0 if a fault hung up or is still silent. */
  status: number;
  /** The JSON that was sent, without credentials. */
  readonly body: unknown;
}

/** The requests in order of arrival. */
export class RequestLog extends Array<LoggedRequest> {
  clear(): void {
    this.length = 0;
  }

  /** Adds a request that is not answered yet. */
  add({ method, path, query, json }: SimulatedRequest): LoggedRequest {
    const body = path.startsWith("/auth/") ? undefined : json;
    const entry = { method, path, query: query.toString(), status: 0, body };
    this.push(entry);
    return entry;
  }
}
