/**
 * Validates responses before anything is concluded from them. A client's types say what the API promises, but the
 * response may come from a proxy, a plugin or a newer server. A source describes the fields that its rules depend on,
 * once; anything else in a response is accepted, so that other server versions keep working.
 */
import { shown } from "@org/kit";
import { SyncError } from "./errors.ts";

/** Looks at a value. Nothing where it fits, so that a page that is as it should be costs no memory. */
export type Shape = (value: unknown) => Misfit | undefined;

/** What does not fit: where in the response, what is expected there, and what is there instead. */
export interface Misfit {
  readonly path: string;
  readonly wanted: string;
  readonly found: unknown;
}

function plain(wanted: string, fits: (value: unknown) => boolean): Shape {
  return (value) => (fits(value) ? undefined : { path: "", wanted, found: value });
}

/** Building blocks for shapes. All of them are strict: null and missing values fit nowhere unless stated. */
export const shapes = {
  text: plain("text", (value) => typeof value === "string"),
  /** An id: text that is not empty. */
  id: plain("a non-empty string", (value) => typeof value === "string" && value !== ""),
  number: plain("a number", (value) => typeof value === "number"),
  integer: plain("a whole number", Number.isSafeInteger),
  /** How many there are. */
  count: plain("a whole number from 0", (value) => Number.isSafeInteger(value) && (value as number) >= 0),
  /** This value, and no other. */
  exactly: (wanted: string | number): Shape => plain(shown(wanted), (value) => value === wanted),
  boolean: plain("true or false", (value) => typeof value === "boolean"),

  /** Also null. */
  nullable:
    (shape: Shape): Shape =>
    (value) =>
      value === null ? undefined : shape(value),

  /** Also null, and also nothing: a field that some versions of a server lack. */
  optional:
    (shape: Shape): Shape =>
    (value) =>
      value === null || value === undefined ? undefined : shape(value),

  list:
    (item: Shape): Shape =>
    (value) => {
      if (!Array.isArray(value)) return { path: "", wanted: "a list", found: value };
      for (let index = 0; index < value.length; index += 1) {
        const misfit = item(value[index]);
        if (misfit) return { ...misfit, path: `[${index}]${misfit.path}` };
      }
      return undefined;
    },

  /** An object with these fields, and any others. */
  object(fields: Readonly<Record<string, Shape>>): Shape {
    const entries = Object.entries(fields);
    return (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        return { path: "", wanted: "an object", found: value };
      }
      for (const [name, shape] of entries) {
        const misfit = shape((value as Record<string, unknown>)[name]);
        if (misfit) return { ...misfit, path: `.${name}${misfit.path}` };
      }
      return undefined;
    };
  },
} as const;

/**
 * Checks a response against a shape.
 *
 * @param where the response comes from, for the message: `The response to dags (http://airflow/api/v2/dags)`
 * @throws SyncError `UNEXPECTED_ANSWER` that names the field and what is in it
 */
export function expectShape(shape: Shape, answer: unknown, where: string): void {
  const misfit = shape(answer);
  if (misfit) throw unexpectedAnswer(where, misfit);
}

function unexpectedAnswer(where: string, { path, wanted, found }: Misfit): SyncError {
  const what = path === "" ? "it" : path.replace(/^\./, "");
  return new SyncError(
    "UNEXPECTED_ANSWER",
    `${where} does not match the server's schema: ${what} is ${shown(found)}, expected ${wanted}. Nothing of it was stored. Is there a proxy in between, or another program at this URL?`,
  );
}
