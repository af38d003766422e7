/**
 * Writes `src/generated` from the interfaces of the real servers: of Airflow's what the simulator has to know to reject
 * what it does not simulate, and Dagster's schemas whole.
 */
import { readFile } from "node:fs/promises";
import openapiTypescript, { astToString, type OpenAPI3 } from "openapi-typescript";

const specification = (path: string) => readFile(new URL(`../../specs/${path}`, import.meta.url), "utf8");
const header = (path: string) =>
  `// Generated from specs/${path} by packages/simulators/generate.ts. Do not edit: run \`pnpm generate\`.\n`;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

async function airflow(version: string): Promise<string> {
  const path = `airflow/${version}.json`;
  const { paths, components } = JSON.parse(await specification(path)) as Document;
  const operations = Object.entries(paths).map(([template, methods]) => {
    const queries = Object.entries(methods).map(([method, { parameters = [] }]) => [
      method.toUpperCase(),
      parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name),
    ]);
    return [template, Object.fromEntries(queries)];
  });
  const bodies = Object.entries(components.schemas)
    .filter(([name]) => name.endsWith("Body"))
    .map(([name, { properties = {} }]) => [name, Object.keys(properties)]);
  return `${header(path)}
/** The query parameters of each operation, by path and method. */
export const operations: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = ${json(operations)};

/** The fields of requests' bodies, by schema. */
export const bodies: Readonly<Record<string, readonly string[]>> = ${json(bodies)};
`;
}

const rows = [
  "DAGResponse",
  "DAGDetailsResponse",
  "DAGRunResponse",
  "EventLogResponse",
  "TaskInstanceHistoryResponse",
  "TaskInstanceResponse",
];

/** The types of rows, and of what they contain. */
async function airflowRows(version: string): Promise<string> {
  const path = `airflow/${version}.json`;
  const document = JSON.parse(await specification(path)) as OpenAPI3 & Document;
  const schemas: Record<string, object> = {};
  const add = (name: string) => {
    if (name in schemas) return;
    schemas[name] = document.components.schemas[name]!;
    for (const [, other] of JSON.stringify(schemas[name]).matchAll(/"#\/components\/schemas\/(\w+)"/g)) add(other!);
  };
  rows.forEach(add);
  const { openapi, info } = document;
  const small = { openapi, info, paths: {}, components: { schemas } } as unknown as OpenAPI3;
  const types = astToString(await openapiTypescript(small, { alphabetize: true }));
  return `${header(path)}
${types.slice(types.indexOf("export interface components")).replace(/export type \$defs[\s\S]*/, "")}`;
}

const json = (entries: readonly (readonly unknown[])[]) =>
  JSON.stringify(Object.fromEntries(entries as [string, unknown][]), undefined, 2);

async function dagster(version: string): Promise<string> {
  const path = `dagster/${version}.graphql`;
  const text = (await specification(path)).replace(/[\\`]|\$\{/g, "\\$&");
  return `${header(path)}
export const schema = \`${text}\`;
`;
}

/** The files of `src/generated`, by name. */
export const generated: Readonly<Record<string, () => Promise<string>>> = {
  "airflow-rows.ts": () => airflowRows("3.4.0b2"),
  "airflow-3.3.ts": () => airflow("3.3.2"),
  "airflow-3.4.ts": () => airflow("3.4.0b2"),
  "dagster-1.7.10.ts": () => dagster("1.7.10"),
  "dagster-1.10.21.ts": () => dagster("1.10.21"),
  "dagster-1.13.27.ts": () => dagster("1.13.27"),
};
