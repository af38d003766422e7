import type { DagsterGraphQLError } from "./errors.ts";
import { since } from "./generated/since.ts";

/** How GraphQL servers report that their schema lacks something, such as `Run.creationTime`. */
const sayings: readonly (readonly [RegExp, (found: string, owner: string) => string])[] = [
  [
    /(?:Cannot query field|Field|Value) ['"](\w+)['"] (?:on type|is not defined by type|does not exist in) ['"](\w+)['"]/,
    (member, type) => `${type}.${member}`,
  ],
  [/Unknown argument ['"](\w+)['"] on field ['"](\w+\.\w+)['"]/, (argument, field) => `${field}(${argument}:)`],
];

/** What the server's schema lacks, according to its errors; empty if they are about something else. */
export function lacksOf(errors: readonly DagsterGraphQLError[]): readonly string[] {
  const lacks = new Set<string>();
  for (const { message } of errors) {
    for (const [pattern, name] of sayings) {
      const [, found, owner] = pattern.exec(message) ?? [];
      if (found !== undefined && owner !== undefined) lacks.add(name(found, owner));
    }
  }
  return [...lacks];
}

/** Whether a version lacks it, rather than the query being misspelt. */
export const isKnownLack = (name: string): boolean => versionWith(name) !== undefined;

/** `Run.creationTime (which Dagster 1.10.21 has)`: the oldest known version that has it. */
export function describeLacks(name: string): string {
  const version = versionWith(name);
  return version === undefined ? name : `${name} (which Dagster ${version} has)`;
}

/** The oldest known version that has it, if an older one lacks it. */
function versionWith(name: string): string | undefined {
  return Object.keys(since).find((version) => since[version]!.includes(name));
}
