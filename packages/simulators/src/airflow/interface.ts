import * as airflow33 from "../generated/airflow-3.3.ts";
import * as airflow34 from "../generated/airflow-3.4.ts";
import type { AirflowWorldVersion } from "./store.ts";

const versions = { "3.3": airflow33, "3.4": airflow34 } as const;

/** What the real server supports: what of it this one lacks is rejected. */
export class AirflowInterface {
  readonly #operations: typeof airflow33.operations;
  readonly #bodies: typeof airflow33.bodies;
  readonly #patterns: readonly RegExp[];

  constructor(version: AirflowWorldVersion) {
    this.#operations = versions[version].operations;
    this.#bodies = versions[version].bodies;
    this.#patterns = Object.keys(this.#operations).map(routePattern);
  }

  /** The methods by which the real server answers a path. */
  methods(path: string): readonly string[] {
    return Object.entries(this.#operations).flatMap(([, methods], index) =>
      this.#patterns[index]!.test(path) ? Object.keys(methods) : [],
    );
  }

  queryParameters(template: string, method: string): readonly string[] {
    return this.#operations[template]?.[method] ?? [];
  }

  /** The fields of a request's body. */
  fields(schema: string): readonly string[] {
    return this.#bodies[schema] ?? [];
  }
}

/** Matches the decoded paths of a template such as `/api/v2/dags/{dag_id}`. A parameter never contains a slash. */
export function routePattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`, "s");
}
