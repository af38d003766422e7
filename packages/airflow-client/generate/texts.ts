/** Merges our own sentences (`texts.json`) into a document: openapi-typescript writes them as comments. */
import { readFileSync } from "node:fs";
import type { OpenAPI3, ParameterObject } from "openapi-typescript";
import { operationsOf } from "./input.ts";

/** What the editor says about operations, their parameters, and fields of bodies. */
export interface Texts {
  /** By method and path. */
  readonly operations: Readonly<Record<string, string>>;
  /** By name, or by operation and name where a name means several things. A name in braces stands in a path. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Fields of request bodies, by name, or by schema and name: `ClearTaskInstancesBody.only_failed`. */
  readonly fields: Readonly<Record<string, string>>;
}

export const texts = JSON.parse(readFileSync(new URL("../texts.json", import.meta.url), "utf8")) as Texts;

/** The sentence for a parameter of an operation. */
export function textOf(operation: string, { name }: Pick<ParameterObject, "name">): string | undefined {
  return texts.parameters[`${operation} ${name}`] ?? texts.parameters[name] ?? comparison(name);
}

/** `run_after_gte` and the like, which say all that there is to say. */
function comparison(name: string): string | undefined {
  const [, field, how] = /^(.+)_(gte|gt|lte|lt)$/.exec(name) ?? [];
  const of = field && texts.parameters[`${field}_*`];
  const word = { gte: "from", gt: "after", lte: "up to", lt: "before" }[how ?? ""];
  const amount = { gte: "at least", gt: "more than", lte: "at most", lt: "less than" }[how ?? ""];
  return of?.replace("{from}", word ?? "").replace("{at least}", amount ?? "");
}

/**
 * @param releases for operations (`GET /path`) and parameters (`GET /path name`) that the oldest server does not have,
 * the one that brought them
 */
export function addTexts(document: OpenAPI3, sent: ReadonlySet<string>, releases: ReadonlyMap<string, string>): void {
  for (const [name, operation] of operationsOf(document)) {
    const release = releases.get(name);
    const text = texts.operations[name];
    if (text) operation.summary = release ? `${text} Since Airflow ${release}.` : text;
    for (const parameter of (operation.parameters ?? []) as ParameterObject[]) {
      const text = textOf(name, parameter);
      const since = release ? undefined : releases.get(`${name} ${parameter.name}`);
      if (text) parameter.description = since ? `${text} Since Airflow ${since}; older servers ignore it.` : text;
    }
  }
  for (const schema of sent) {
    const { properties = {} } = (document.components?.schemas?.[schema] ?? {}) as {
      properties?: Record<string, { description?: string; $ref?: string }>;
    };
    for (const [field, value] of Object.entries(properties)) {
      const text = texts.fields[`${schema}.${field}`] ?? texts.fields[field] ?? comparison(field);
      if (text) value.description = text;
    }
  }
}
