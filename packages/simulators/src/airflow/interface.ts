import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { readSpecification } from "../specifications.ts";
import type { AirflowWorldVersion } from "./store.ts";

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: { readonly [status: string]: unknown };
}

interface Document {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: { readonly properties?: object } } };
}

/** The real server's interface, to know what it supports and to validate the simulator's responses. */
export class AirflowInterface {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: true });
  readonly #validators = new Map<string, ValidateFunction | undefined>();

  constructor(version: AirflowWorldVersion) {
    const name = version === "3.3" ? "airflow/3.3.2.json" : "airflow/3.4.0b2.json";
    this.#document = JSON.parse(readSpecification(name)) as Document;
    // The package's types describe its CommonJS export.
    (formats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema(this.#document, "airflow");
  }

  /** Whether the real server has a route for this path, under any method. */
  hasPath(path: string): boolean {
    return Object.keys(this.#document.paths).some((template) => routePattern(template).test(path));
  }

  queryParameters(template: string, method: string): readonly string[] {
    const operation = this.#document.paths[template]?.[method.toLowerCase()];
    return operation?.parameters?.filter((parameter) => parameter.in === "query").map(({ name }) => name) ?? [];
  }

  /** The fields of a schema, e.g. of a request's body. */
  fields(schema: string): readonly string[] {
    return Object.keys(this.#document.components.schemas[schema]?.properties ?? {});
  }

  /** What is wrong with a response; undefined if it is valid, or if the document does not describe its status. */
  violation(template: string, method: string, status: number, body: string): string | undefined {
    const key = `${method.toLowerCase()} ${template} ${status}`;
    if (!this.#validators.has(key)) this.#validators.set(key, this.#compile(template, method.toLowerCase(), status));
    const validate = this.#validators.get(key);
    if (!validate || validate(JSON.parse(body))) return undefined;
    return `${key}: ${this.#ajv.errorsText(validate.errors)}`;
  }

  #compile(template: string, method: string, status: number): ValidateFunction | undefined {
    const operation = this.#document.paths[template]?.[method];
    if (!operation) throw new Error(`The specification has no ${method} ${template}.`);
    if (!operation.responses[status]) return undefined;
    const pointer = ["paths", template, method, "responses", String(status), "content", "application/json", "schema"];
    const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    return this.#ajv.compile({ $ref: `airflow#/${escaped.join("/")}` });
  }
}

/** Matches the decoded paths of a template such as `/api/v2/dags/{dag_id}`. A parameter never contains a slash. */
export function routePattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`, "s");
}
