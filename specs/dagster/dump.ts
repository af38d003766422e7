import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from "graphql";

/** Without descriptions; with the deprecated arguments, which a plain introspection query leaves out. */
const introspection = getIntrospectionQuery({ descriptions: false, inputValueDeprecation: true });

/**
 * The interface of a running Dagster server, as the text that is committed as `specs/dagster/<version>.graphql`: its
 * schema, sorted and without descriptions, so that its history shows changes of the interface and nothing else.
 *
 * @param url Address of the GraphQL endpoint, e.g. `http://127.0.0.1:3000/graphql`.
 * @throws When the server does not answer with a schema.
 */
export async function dumpDagsterSpec(url: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: introspection }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}, not a GraphQL schema`);
  const answer = (await response.json()) as { data?: IntrospectionQuery | null; errors?: { message: string }[] };
  if (!answer.data) throw new Error(`${url} refused the introspection query: ${answer.errors?.[0]?.message}`);
  return `${printSchema(lexicographicSortSchema(buildClientSchema(answer.data)))}\n`;
}
