import type { Io } from "../io.ts";

/**
 * Replaces a text's references to environment variables: `${NAME}`, `${NAME:-default}` for a variable that is unset or
 * empty, and `$$` for a dollar sign.
 *
 * @param refuse throws, given the reason
 */
export function withVariables(text: string, env: Io["env"], refuse: (reason: string) => never): string {
  return text.replace(/\$\$|\$\{([^}]*)\}?/g, (found, reference?: string) => {
    if (found === "$$") return "$";
    const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(reference ?? "") ?? [];
    if (name === undefined || !found.endsWith("}")) {
      return refuse("has an invalid reference. Write ${NAME} or ${NAME:-default}, and $$ for a dollar sign.");
    }
    // A missing secret becomes an empty variable in compose files and pipelines.
    return env[name] || (fallback ?? refuse(`needs the variable ${name}, which is unset or empty.`));
  });
}

/** The same for every text in a value. @param refuse throws, given the location and the reason */
export function allWithVariables<T>(
  value: T,
  env: Io["env"],
  path: readonly PropertyKey[],
  refuse: (path: readonly PropertyKey[], reason: string) => never,
): T {
  if (typeof value === "string") return withVariables(value, env, (reason) => refuse(path, reason)) as T;
  if (Array.isArray(value)) {
    return value.map((each, index) => allWithVariables(each, env, [...path, index], refuse)) as T;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    allWithVariables(each, env, [...path, key], refuse),
  ]);
  return Object.fromEntries(entries) as T;
}
