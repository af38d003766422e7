/** What a caller sends: closed unions, times as Date or text, and optional fields that may be undefined. */
import type { OpenAPI3, OperationObject, ParameterObject } from "openapi-typescript";
import { orders, words } from "./values.ts";

/** A format of our own: a Date, or text that the client completes to a zone. */
export const timeFormat = "x-time";

type Schema = { [key: string]: unknown };
type Schemas = Record<string, Schema>;

/** Adapts the parameters and request bodies of a document, in place. @returns the schemas that only requests have */
export function closeInputs(document: OpenAPI3): ReadonlySet<string> {
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  const operations = operationsOf(document);
  const answered = new Set(operations.flatMap(([, { responses }]) => referencesIn(responses, schemas)));
  const sent = new Set(
    operations.flatMap(([, { parameters, requestBody }]) => referencesIn({ parameters, requestBody }, schemas)),
  );
  const shared = [...sent].filter((name) => answered.has(name) && isEnum(schemas[name]));
  for (const name of shared) schemas[`${name}Input`] = structuredClone(schemas[name]!);
  const closed = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const schema = value as Schema;
    const name = nameOf(schema.$ref);
    if (name && shared.includes(name)) schema.$ref = `${prefix}${name}Input`;
    if (schema.format === "date-time") schema.format = timeFormat;
    for (const child of Object.values(schema)) closed(child);
  };
  const onlySent = [...sent].filter((name) => !answered.has(name));
  for (const name of onlySent) closed(schemas[name]);
  for (const [name, operation] of operations) {
    closed(operation.parameters);
    closed(operation.requestBody);
    const parameters = (operation.parameters ?? []) as ParameterObject[];
    for (const parameter of parameters) closeParameter(name, parameter, schemas);
  }
  for (const [name, order] of Object.entries(orders)) {
    const field = (schemas[name] as { properties?: Schemas } | undefined)?.properties?.order_by;
    if (field) field.anyOf = [{ type: "string", enum: bothWays(order) }, { type: "null" }];
  }
  return new Set([...onlySent, ...shared.map((name) => `${name}Input`)]);
}

function closeParameter(operation: string, parameter: ParameterObject, schemas: Schemas): void {
  const schema = (parameter.schema ?? {}) as Schema;
  // A string in the documents, and a time in every server.
  if (parameter.name === "before") parameter.schema = { type: "string", format: timeFormat };
  const path = operation.slice(operation.indexOf(" ") + 1);
  const known =
    parameter.name === "order_by" ? orders[path] && bothWays(orders[path]) : words[`${path} ${parameter.name}`];
  if (!known) return;
  const values = typeof known === "string" ? [...enumOf(schemas[known]), "none"] : known;
  if (schema.type === "array") schema.items = { type: "string", enum: values };
  else parameter.schema = { type: "string", enum: values as string[] };
}

const bothWays = (names: readonly string[]) => names.flatMap((name) => [name, `-${name}`]);
const isEnum = (schema: Schema | undefined) => Array.isArray(schema?.enum);
const enumOf = (schema: Schema | undefined) => (schema?.enum ?? []) as readonly string[];

/** Every operation of a document by its method and path: `GET /api/v2/dags`. */
export function operationsOf(document: OpenAPI3): readonly (readonly [string, OperationObject])[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, OperationObject>).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
}

const prefix = "#/components/schemas/";
const nameOf = (reference: unknown) =>
  typeof reference === "string" && reference.startsWith(prefix) ? reference.slice(prefix.length) : undefined;

/** The names of the schemas that a value refers to, at any depth. */
export function referencesIn(value: unknown, schemas: Schemas): string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      const name = key === "$ref" ? nameOf(child) : undefined;
      if (!name) visit(child);
      else if (!found.has(name)) {
        found.add(name);
        visit(schemas[name]);
      }
    }
  };
  visit(value);
  return [...found];
}
