import { readFileSync } from "node:fs";

// Both src/ and dist/ are one level below the package, so this works for the sources and for the build.
const folder = new URL("../../../specs/", import.meta.url);

/** The interface of a server as dumped from a real one, from the repository's `specs/`. */
export function readSpecification(
  path: "airflow/3.3.2.json" | "airflow/3.4.0b2.json" | `dagster/${string}.graphql`,
): string {
  try {
    return readFileSync(new URL(path, folder), "utf8");
  } catch (cause) {
    throw new Error(`Cannot read specs/${path}: the simulators only work inside a checkout of the repository.`, {
      cause,
    });
  }
}
