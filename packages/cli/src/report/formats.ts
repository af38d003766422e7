/** An answer in each of the command's output formats. */
import { type Answer, answerCsv, answerJson, cellText, headOf, isNumeric, shownColumns } from "@org/insights";
import { visible } from "@org/kit";
import { textTable } from "../render/table.ts";

export const formats = ["table", "json", "csv", "markdown"] as const;
export type Format = (typeof formats)[number];

/** @param width of the terminal, in characters. @default no limit: it is not a terminal */
export function written(answer: Answer, format: Format, width = Number.POSITIVE_INFINITY): string {
  return format === "table" ? table(answer, width) : { json: answerJson, csv: answerCsv, markdown }[format](answer);
}

/** With fewer columns a table says too little. */
const FEWEST_COLUMNS = 3;

function table(answer: Answer, width: number): string {
  const { rows, note } = answer;
  const text = rows.length === 0 ? "Nothing.\n" : rowsTable(answer, width);
  return note === undefined ? text : `${text}\n${wrapped(note, width)}\n`;
}

function rowsTable(answer: Answer, width: number): string {
  const { question, rows } = answer;
  const columns = shownColumns(question.columns, rows);
  const texts = rowTexts(answer, columns).map((row) => row.map(shortened));
  const heads = columns.map(([name]) => headOf(name));
  for (let count = columns.length; count >= Math.min(FEWEST_COLUMNS, columns.length); count -= 1) {
    const ended = columns.map(([, column]) => isNumeric(column));
    const text = textTable(
      heads.slice(0, count),
      texts.map((row) => row.slice(0, count)),
      0,
      ended.slice(0, count),
    );
    if (widthOf(text) > width) continue;
    if (count === columns.length) return text;
    return `${text}\n${wrapped(`Not shown: ${heads.slice(count).join(", ")}. Use a wider terminal, --format csv or a pipe to see them.`, width)}\n`;
  }
  return texts.map((row) => recordText(heads, row)).join("\n");
}

/** A row as lines, one for each column. */
function recordText(heads: readonly string[], row: readonly string[]): string {
  const widest = Math.max(...heads.map((head) => head.length));
  return row
    .map((text, at) => `${(heads[at] as string).padEnd(widest)}  ${visible(text).replace(/[\n\t]+/g, " ")}\n`)
    .join("");
}

function widthOf(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}

/** Wraps a text to a width, between words if possible. @param indent of all but the first line */
export function wrapped(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    const longer = line === undefined ? word : `${line} ${word}`;
    if (line === undefined || longer.length > width)
      lines.push(line === undefined ? word : `${" ".repeat(indent)}${word}`);
    else lines[lines.length - 1] = longer;
  }
  return lines.join("\n");
}

/** The maximum width of a cell in a terminal. */
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

/** A table for a comment or a chat: nothing in it is interpreted as markup. */
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

/** A backslash disables all markup except that of HTML and of mentions. */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/[\n\t]+/g, " ")
    .replace(/[&<>@]/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replace(/(?<!&)[\\`*_{}[\]()#|~!]/g, "\\$&");
}
