import { GraphQLClient } from "graphql-request";
import type { HttpAnswer } from "./answer.ts";
import type { DagsterExchange } from "./middleware.ts";

/** What is sent, and how. */
interface Outgoing {
  readonly query: string;
  readonly variables: unknown;
  readonly signal: AbortSignal;
  readonly send: (init: RequestInit) => Promise<DagsterExchange>;
}

/** Sends a document as graphql-request writes it, and reads the answer as it reads it. */
export async function exchange(url: string, { query, variables, signal, send }: Outgoing): Promise<HttpAnswer> {
  let received: HttpAnswer | undefined;
  const fetchWhole = async (_input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const { response, body } = await send(init);
    const { status, headers } = response;
    received = { status, headers, text: body };
    // Whatever its status: what that means with Dagster, `readAnswer` knows.
    return { ok: true, status, headers, text: async () => body } as Response;
  };
  // With its operation name left out, graphql-request does not parse the document; each has one operation only.
  // Redirects are not followed, because they would carry the credentials to wherever they point.
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
    // No GraphQL answer. What is thrown quotes all of it.
    return {};
  });
  return { ...received!, data, errors };
}
