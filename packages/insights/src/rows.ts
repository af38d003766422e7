import type { Value } from "@org/destination";
import { textOf } from "./moments.ts";
import type { AnswerColumn, AnswerColumns, AnswerRow, SqlRow } from "./question.ts";

/**
 * Converts a statement's rows to an answer's: exactly its columns, in order, each of its type.
 *
 * @throws TypeError if a question violates its own declaration, which is a defect of the question
 */
export function rowsOf<C extends AnswerColumns>(columns: C, rows: readonly SqlRow[]): readonly AnswerRow<C>[] {
  const entries = Object.entries(columns);
  return rows.map((row) => {
    const values = entries.map(([name, column]) => [name, answerValue(name, column, row[name])]);
    return Object.fromEntries(values) as AnswerRow<C>;
  });
}

function answerValue(name: string, { type, nullable }: AnswerColumn, value: Value | undefined): unknown {
  if (value === null && nullable) return null;
  switch (type) {
    case "integer":
    case "number":
      if (typeof value === "bigint" || (typeof value === "string" && value !== ""))
        return numberOf(name, Number(value));
      if (typeof value === "number") return numberOf(name, value);
      break;
    case "moment":
      if (typeof value === "bigint" || typeof value === "number") return textOf(Number(value));
      if (typeof value === "string") return value;
      break;
    case "flag":
      if (typeof value === "boolean") return value;
      if (typeof value === "bigint" || typeof value === "number") return Number(value) !== 0;
      break;
    case "list":
      if (Array.isArray(value)) return value;
      break;
    case "text":
      if (typeof value === "string") return value;
  }
  throw new TypeError(
    `Column ${name} of an answer should be a ${type}, and is ${value === undefined ? "missing" : String(value)}.`,
  );
}

function numberOf(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new TypeError(`Column ${name} of an answer is not a number.`);
}
