/** A `fetch` that rewrites what is asked of a GraphQL server, or what it answers, as a wrong client would. */

// biome-ignore lint/suspicious/noExplicitAny: wrong clients reach into answers whose types are not theirs
type Free = any;

export interface Rewriting {
  /** The operation's name and its variables; what is returned is sent instead. */
  readonly ask?: (operation: string, variables: Free) => Free;
  /** @param body the whole answer: `data`, `errors` */
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
