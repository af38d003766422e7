/** An answer as text for programs. */
import type { Answer } from "./answer.ts";

/** One line of JSON: the rows, with what it takes to interpret them. */
export function answerJson({ question, rows, asOf, window, timezone, note }: Answer): string {
  const { name, sentence, limits, columns } = question;
  const all = { question: name, sentence, limits, asOf, window, timezone, note, columns, rows };
  return `${JSON.stringify(all, (_, value) => (typeof value === "bigint" ? Number(value) : value))}\n`;
}

/**
 * RFC 4180, except for line ends: raw values, times as UTC text, lists as JSON. Texts that a spreadsheet would
 * interpret as formulas are not changed.
 */
export function answerCsv({ question, rows }: Answer): string {
  const names = Object.keys(question.columns);
  const line = (values: readonly unknown[]) => values.map(csvField).join(",");
  return `${[line(names), ...rows.map((row) => line(names.map((name) => row[name])))].join("\n")}\n`;
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
