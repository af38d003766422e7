/** One answer, in the forms that the command can write. */
import { type Answer, answerCsv, answerJson, cellText, headOf, isNumeric, shownColumns } from "@org/insights";
import { visible } from "@org/kit";
import { textTable } from "../render/table.ts";

export const formats = ["table", "json", "csv", "markdown"] as const;
export type Format = (typeof formats)[number];

export function written(answer: Answer, format: Format): string {
  return { table, json: answerJson, csv: answerCsv, markdown }[format](answer);
}

/** For a terminal. */
export function table(answer: Answer, indent = 0): string {
  const { question, rows } = answer;
  if (rows.length === 0) return `${" ".repeat(indent)}Nothing.\n`;
  const columns = shownColumns(question.columns, rows);
  return textTable(
    columns.map(([name]) => headOf(name)),
    rowTexts(answer, columns).map((row) => row.map(shortened)),
    indent,
    columns.map(([, column]) => isNumeric(column)),
  );
}

/** What one row of a table in a terminal may take of it. */
const WIDEST = 60;

function shortened(text: string): string {
  const letters = [...text];
  return letters.length <= WIDEST ? text : `${letters.slice(0, WIDEST - 1).join("")}…`;
}

function rowTexts(
  { rows, timezone }: Pick<Answer, "rows" | "timezone">,
  columns: ReturnType<typeof shownColumns>,
): string[][] {
  return rows.map((row) => columns.map(([name, column]) => cellText(row[name], column, timezone)));
}

/** A table for a comment or a chat: nothing in it is markup of its own. */
function markdown(answer: Answer): string {
  const { question, rows, asOf, timezone } = answer;
  const columns = shownColumns(question.columns, rows);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const body = [
    line(columns.map(([name]) => headOf(name))),
    line(columns.map(([, column]) => (isNumeric(column) ? "--:" : "---"))),
    ...rowTexts(answer, columns).map((row) => line(row.map(markdownText))),
  ];
  const of = `As of ${cellText(asOf, { type: "moment" }, timezone)} (${timezone}).`;
  return `**${question.sentence}** ${of}\n\n${rows.length === 0 ? "Nothing." : body.join("\n")}\n`;
}

/** A backslash takes the meaning of every mark but of those that pages and mentions are made of. */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/[\n\t]+/g, " ")
    .replace(/[&<>@]/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replace(/(?<!&)[\\`*_{}[\]()#|~!]/g, "\\$&");
}
