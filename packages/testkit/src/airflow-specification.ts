/** Validates the answers of simulated Airflow servers against the interface of the real one. */
import { readFileSync } from "node:fs";
import type { AirflowWorldVersion, AnsweredRoute } from "@org/simulators/internal";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<object> }>>>>;
}

class Specification {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: true });
  readonly #validators = new Map<string, ValidateFunction | undefined>();

  constructor(version: AirflowWorldVersion) {
    const name = version === "3.3" ? "3.3.2" : "3.4.0b2";
    const file = new URL(`../../../specs/airflow/${name}.json`, import.meta.url);
    this.#document = JSON.parse(readFileSync(file, "utf8")) as Document;
    // The package's types describe its CommonJS export.
    (formats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema(this.#document, "airflow");
  }

  violation({ template, method, status, body }: Omit<AnsweredRoute, "version">): string | undefined {
    const key = `${method.toLowerCase()} ${template} ${status}`;
    if (!this.#validators.has(key)) this.#validators.set(key, this.#compile(template, method.toLowerCase(), status));
    const validate = this.#validators.get(key);
    if (!validate || validate(JSON.parse(body))) return undefined;
    return `${key}: ${this.#ajv.errorsText(validate.errors)}`;
  }

  #compile(template: string, method: string, status: number): ValidateFunction | undefined {
    const operation = this.#document.paths[template]?.[method];
    if (!operation) throw new Error(`The specification has no ${method} ${template}.`);
    if (!(status in operation.responses)) throw new Error(`${method} ${template} has no response ${status}.`);
    const response = (operation.responses as Record<number, { readonly content?: object }>)[status]!;
    if (!response.content) return undefined;
    const pointer = ["paths", template, method, "responses", String(status), "content", "application/json", "schema"];
    const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    return this.#ajv.compile({ $ref: `airflow#/${escaped.join("/")}` });
  }
}

const specifications = new Map<AirflowWorldVersion, Specification>();

/** What is wrong with a response; undefined if it is valid. */
export function violation({ version, ...answered }: AnsweredRoute): string | undefined {
  const known = specifications.get(version) ?? new Specification(version);
  specifications.set(version, known);
  return known.violation(answered);
}
