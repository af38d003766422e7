/** Checks responses before this client uses them: a proxy or a plugin may have changed them. */
import { isRecord, shown } from "@org/kit";
import { AirflowError } from "./errors.ts";

/** @param call `GET /api/v2/dags` */
export function unexpected(call: string, what: string): AirflowError {
  return new AirflowError({ code: "UNEXPECTED_ANSWER", message: `${call} returned ${what}.` });
}

/** The rows of a response. @throws AirflowError `UNEXPECTED_ANSWER` if they are not a list of objects */
export function rowsIn<T>(call: string, rows: readonly T[], name: string): readonly T[] {
  if (!Array.isArray(rows)) throw unexpected(call, `${name} that ${kindOf(rows)}, expected a list`);
  const wrong = rows.findIndex((row) => !isRecord(row));
  if (wrong >= 0) throw unexpected(call, `${name}[${wrong}] that ${kindOf(rows[wrong])}, expected an object`);
  return rows;
}

/** Whether a value can be a number of rows. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export const kindOf = (value: unknown): string => `is ${shown(value)}`;
