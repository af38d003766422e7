import { InsightsError } from "./errors.ts";
import type { Parameter, ParameterSet, ParameterValues, Question } from "./question.ts";

/** A question's parameters as given; missing ones have their defaults. */
export type GivenParameters<P extends ParameterSet> = Partial<ParameterValues<P>>;

/** @throws InsightsError `INVALID_PARAMETER` for an unknown parameter or an invalid value */
export function parametersOf<P extends ParameterSet>(
  { name, parameters }: Pick<Question<P>, "name" | "parameters">,
  given: GivenParameters<P>,
): ParameterValues<P> {
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(parameters, key)) continue;
    const known = Object.keys(parameters).join(", ") || "none";
    throw new InsightsError("INVALID_PARAMETER", `${name} has no parameter ${key}. It has: ${known}.`);
  }
  const entries = Object.entries(parameters).map(([key, parameter]) => {
    const value = given[key];
    return [key, value === undefined ? parameter.default : checked(`${name}: ${key}`, parameter, value)];
  });
  return Object.fromEntries(entries) as ParameterValues<P>;
}

/** The maximum of any number. */
const MOST = 1_000_000_000;

function checked(where: string, parameter: Parameter, value: unknown): unknown {
  if (value === null && parameter.default === null) return null;
  const problem = problemOf(parameter, value);
  if (problem === undefined) return value;
  throw new InsightsError("INVALID_PARAMETER", `${where} ${problem}.`);
}

function problemOf(parameter: Parameter, value: unknown): string | undefined {
  switch (parameter.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "list":
      return Array.isArray(value) ? undefined : "must be a list";
    case "text": {
      const { values } = parameter;
      if (typeof value !== "string") return "must be a string";
      if (values)
        return values.includes(value) ? undefined : `is ${JSON.stringify(value)}: must be one of ${values.join(", ")}`;
      return value.trim() === "" ? "is empty" : undefined;
    }
    case "number": {
      const { whole, moreThan, least = 0, most = MOST } = parameter;
      if (typeof value !== "number" || Number.isNaN(value)) return "must be a number";
      if (whole && !Number.isInteger(value)) return `is ${value}: must be a whole number`;
      if (moreThan !== undefined && !(value > moreThan)) return `is ${value}: must be more than ${moreThan}`;
      if (moreThan === undefined && value < least) return `is ${value}: must be ${least} or more`;
      return value > most ? `is ${value}: must be at most ${most}` : undefined;
    }
  }
}
