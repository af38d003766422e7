import { GraphQLClient } from "graphql-request";
import type { HttpAnswer } from "./answer.ts";
import type { DagsterExchange } from "./middleware.ts";

/** An outgoing request. */
interface Outgoing {
  readonly query: string;
  readonly variables: unknown;
  readonly signal: AbortSignal;
  readonly send: (init: RequestInit) => Promise<DagsterExchange>;
}

/** Sends a document and reads the response with graphql-request. */
export async function exchange(url: string, { query, variables, signal, send }: Outgoing): Promise<HttpAnswer> {
  let received: HttpAnswer | undefined;
  const fetchWhole = async (_input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const { response, body } = await send(init);
    const { status, headers } = response;
    received = { status, headers, text: body };
    // Whatever its status: `readAnswer` interprets it.
    return { ok: true, status, headers, text: async () => body } as Response;
  };
  // Without its operation name, graphql-request does not parse the document; each has only one operation. Redirects are
  // not followed, because they would carry the credentials along.
  const graphql = new GraphQLClient(url, {
    fetch: fetchWhole,
    errorPolicy: "all",
    excludeOperationName: true,
    redirect: "manual",
    signal,
  });
  const parsed = graphql.rawRequest<unknown>(query, { ...(variables as object | undefined) });
  const { data, errors } = await parsed.catch((error: unknown): { data?: undefined; errors?: undefined } => {
    if (received === undefined) throw error;
    // Not a GraphQL response. The thrown error quotes all of it.
    return {};
  });
  return { ...received!, data, errors };
}
