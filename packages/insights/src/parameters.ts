import { InsightsError } from "./errors.ts";
import type { Parameter, ParameterSet, ParameterValues, Question } from "./question.ts";

/** A question's parameters as somebody gives them: those that are left out have their defaults. */
export type GivenParameters<P extends ParameterSet> = Partial<ParameterValues<P>>;

/** @throws InsightsError `INVALID_PARAMETER` for one that the question does not have, or that it cannot take */
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

function checked(where: string, parameter: Parameter, value: unknown): unknown {
  if (value === null && parameter.default === null) return null;
  if (
    parameter.type === "list"
      ? Array.isArray(value)
      : typeof value === (parameter.type === "text" ? "string" : parameter.type)
  ) {
    if (typeof value !== "number" || Number.isFinite(value)) return value;
  }
  throw new InsightsError("INVALID_PARAMETER", `${where} must be a ${parameter.type}.`);
}
