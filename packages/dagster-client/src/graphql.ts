/** What graphql-request does for this client. Loaded with the first request: it brings `graphql` along. */
import { ClientError, GraphQLClient } from "graphql-request";
import type { HttpAnswer } from "./answer.ts";
import type { Sending, Transport } from "./transport.ts";

/** Sends a document, and reads the response whatever its status. */
export type Exchange = (query: string, variables: object | undefined, sending: Sending) => Promise<HttpAnswer>;

export function createExchange(url: string, transport: Transport): Exchange {
  // graphql-request passes a request's signal on to fetch, unchanged.
  const requests = new WeakMap<AbortSignal, { readonly sending: Sending; answer?: HttpAnswer }>();
  const client = new GraphQLClient(url, {
    async fetch(_url, init) {
      const request = requests.get(init?.signal as AbortSignal)!;
      const { response, body } = await transport(init as RequestInit, request.sending);
      const { status, headers } = response;
      request.answer = { status, headers, text: body };
      return new Response([204, 205].includes(status) ? null : body, { status, headers });
    },
    errorPolicy: "all",
    // Without the operation's name, it does not parse the document; each has only one operation.
    excludeOperationName: true,
    // Redirects are not followed, because they would carry the credentials along.
    redirect: "manual",
  });
  return async (query, variables, sending) => {
    const { signal } = sending;
    const request: { readonly sending: Sending; answer?: HttpAnswer } = { sending };
    requests.set(signal, request);
    try {
      const { data, errors } = await client.rawRequest<unknown>({ query, variables: { ...variables }, signal });
      return { ...request.answer!, data, errors };
    } catch (error) {
      if (request.answer === undefined) throw error;
      // An error's own message quotes all of the response.
      const { data, errors } = error instanceof ClientError ? error.response : {};
      return { ...request.answer, data, errors };
    }
  };
}
