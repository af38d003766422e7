/**
 * Validates responses before the sync draws conclusions from them. A client's types say what the API promises, but the
 * response may come from a proxy, a plugin or a newer server. A source describes the fields that its logic depends on.
 * Everything else is accepted, so that other server versions keep working.
 */
import { shown } from "@org/kit";
import { SyncError } from "./errors.ts";

/** Checks a value. Returns undefined if it fits, so that validating a page allocates nothing. */
export type Shape = (value: unknown) => Misfit | undefined;

/** A mismatch: the path in the response, what was expected there, and what was found. */
export interface Misfit {
  readonly path: string;
  readonly wanted: string;
  readonly found: unknown;
}

function plain(wanted: string, fits: (value: unknown) => boolean): Shape {
  return (value) => (fits(value) ? undefined : { path: "", wanted, found: value });
}

/** Building blocks for shapes. All are strict: they reject null and missing values unless stated. */
export const shapes = {
  text: plain("text", (value) => typeof value === "string"),
  /** A non-empty string. */
  id: plain("a non-empty string", (value) => typeof value === "string" && value !== ""),
  number: plain("a number", (value) => typeof value === "number"),
  integer: plain("a whole number", Number.isSafeInteger),
  /** A whole number from 0. */
  count: plain("a whole number from 0", (value) => Number.isSafeInteger(value) && (value as number) >= 0),
  /** Exactly this value. */
  exactly: (wanted: string | number): Shape => plain(shown(wanted), (value) => value === wanted),
  boolean: plain("true or false", (value) => typeof value === "boolean"),

  /** Allows null. */
  nullable:
    (shape: Shape): Shape =>
    (value) =>
      value === null ? undefined : shape(value),

  /** Allows null and a missing field, which some server versions lack. */
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

  /** An object with at least these fields. */
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
