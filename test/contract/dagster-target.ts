import { type Reply, request } from "./request.ts";

/**
 * A Dagster server to check against the contract. It needs more than 20 runs, one of which succeeded, and a materialized
 * asset, and must not change during the tests. They only read.
 */
export interface DagsterTarget {
  /** URL of the GraphQL endpoint, which ends in `/graphql`. */
  readonly url: string;
}

export function ask({ url }: DagsterTarget, query: string, variables?: object): Promise<Reply> {
  const headers = { "content-type": "application/json" };
  return request(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
}
