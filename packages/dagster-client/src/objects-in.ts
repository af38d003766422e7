import { DagsterError } from "./errors.ts";

/**
 * The objects in a list of a response, validated: a proxy may have changed the response.
 *
 * @param what is listed, for the message: `runs`
 * @throws DagsterError `UNEXPECTED_ANSWER`
 */
export function objectsIn<Item extends object>(list: readonly Item[], what: string): readonly Item[] {
  if (!Array.isArray(list)) throw invalid(what, `${kindOf(list)} instead of a list`);
  const wrong = list.findIndex((item) => typeof item !== "object" || item === null);
  if (wrong >= 0) throw invalid(what, `${kindOf(list[wrong])} at place ${wrong} of their list, instead of an object`);
  return list;
}

/** The same for a list of texts. */
export function textsIn(list: readonly string[], what: string): readonly string[] {
  if (!Array.isArray(list)) throw invalid(what, `${kindOf(list)} instead of a list`);
  const wrong = list.findIndex((item) => typeof item !== "string");
  if (wrong >= 0) throw invalid(what, `${kindOf(list[wrong])} at place ${wrong} of their list, instead of text`);
  return list;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  return value === null ? "null" : Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}

function invalid(what: string, found: string): DagsterError {
  const message = `Dagster's ${what} do not match its schema: the response has ${found}. Is there a proxy in between?`;
  return new DagsterError({ code: "UNEXPECTED_ANSWER", message });
}
