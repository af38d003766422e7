/** Converts a URL's query string to arguments of `answer`. */

import { InsightsError } from "../errors.ts";
import type { Parameter, ParameterSet } from "../question.ts";
import type { Scope } from "../scope.ts";

/**
 * The window, the time zone, the pipelines, and a question's parameters.
 *
 * @param parameters the question's; none for the page
 * @throws InsightsError `INVALID_PARAMETER` for an unknown name, an invalid value, or a repeated one
 */
export function parseQuery(
  query: URLSearchParams,
  parameters: ParameterSet = {},
): Readonly<Record<string, unknown>> & Scope {
  const known: Readonly<Record<string, Parameter["type"]>> = {
    ...Object.fromEntries(
      Object.entries(parameters).flatMap(([name, { type }]) => (type === "list" ? [] : [[name, type]])),
    ),
    ...scope,
  };
  const given: Record<string, unknown> = {};
  for (const [name, text] of query) {
    if (!Object.hasOwn(known, name)) {
      throw invalid(
        `There is no parameter ${JSON.stringify(shown(name))}. There are: ${Object.keys(known).join(", ")}.`,
      );
    }
    if (Object.hasOwn(given, name)) throw invalid(`${name} is given twice.`);
    given[name] = name === "pipelines" ? text.split(",") : parsed(name, known[name], text);
  }
  return given;
}

const scope = { days: "number", since: "text", until: "text", timezone: "text", pipelines: "text" } as const;

function parsed(name: string, type: Parameter["type"] | undefined, text: string): unknown {
  if (text === "") throw invalid(`${name} is empty: pass a value, or leave it out.`);
  if (type === "number") {
    if (/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
    throw invalid(`${name} must be a number, as in 14 or 1.5.`);
  }
  if (type === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw invalid(`${name} must be true or false.`);
  }
  return text;
}

const invalid = (message: string) => new InsightsError("INVALID_PARAMETER", message);

/** A name shortened for messages. */
const shown = (name: string) => (name.length > 60 ? `${name.slice(0, 60).toWellFormed()}…` : name);
