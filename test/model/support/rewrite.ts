/** A `fetch` that rewrites requests to a GraphQL server, or its responses, like a broken client. */

// biome-ignore lint/suspicious/noExplicitAny: broken clients change responses of any type
type Free = any;

export interface Rewriting {
  /** Gets the operation's name and variables. Returns the variables to send instead. */
  readonly ask?: (operation: string, variables: Free) => Free;
  /** @param body the whole response: `data`, `errors` */
  readonly answer?: (operation: string, variables: Free, body: Free) => Free;
}

export function rewriting(fetch: typeof globalThis.fetch, { ask, answer }: Rewriting): typeof globalThis.fetch {
  return async (input, init) => {
    const { query, variables } = JSON.parse(String(init?.body));
    const operation = /query (\w+)/.exec(query)?.[1] ?? "";
    const asked = ask?.(operation, variables) ?? variables;
    const response = await fetch(input, { ...init, body: JSON.stringify({ query, variables: asked }) });
    const text = await response.text();
    const { status, headers } = response;
    if (!answer || !headers.get("content-type")?.includes("json")) return new Response(text, { status, headers });
    try {
      return new Response(JSON.stringify(answer(operation, variables, JSON.parse(text))), { status, headers });
    } catch {
      return new Response(text, { status, headers });
    }
  };
}
