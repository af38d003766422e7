/** The output without a question: what needs attention, then five numbers with their change. */

import {
  type Answer,
  cellText,
  changeText,
  type Insights,
  keyNumbers,
  momentText,
  needsAttention,
  numberText,
  type Scope,
} from "@org/insights";
import { visible } from "@org/kit";
import { textTable } from "../render/table.ts";
import { markdownText, wrapped } from "./formats.ts";

export interface Summary {
  readonly attention: Answer<typeof needsAttention.columns>;
  readonly numbers: Answer<typeof keyNumbers.columns>;
}

export async function summarized(insights: Insights, scope: Scope, attentionOf: object = {}): Promise<Summary> {
  return {
    attention: await insights.answer(needsAttention, { ...attentionOf, ...scope }),
    numbers: await insights.answer(keyNumbers, scope),
  };
}

/** Narrower terminals have no room for the numbers of both windows. */
const NARROW = 56;

/** @param width of the terminal, in characters. @default no limit: it is not a terminal */
export function summaryText({ attention, numbers }: Summary, place: string, width = Number.POSITIVE_INFINITY): string {
  const { asOf, timezone, window } = numbers;
  const days = (Date.parse(window.to) - Date.parse(window.from)) / 86_400_000;
  const period =
    Number.isInteger(days) && days > 1 ? `${days} days` : days === 1 ? "day" : `${Math.round(days * 24)} hours`;
  const head = `${wrapped(`${place}, as of ${momentText(asOf, timezone)} (${timezone})`, width)}\n`;
  return [head, attentionText(attention, width), numbersText(numbers, period, width)].join("\n");
}

function attentionText({ rows, timezone }: Summary["attention"], width: number): string {
  if (rows.length === 0) return "Nothing needs attention.\n";
  const severities = ["", "minor", "major", "critical"];
  const lines = rows.map(({ severity, kind, name, since, what, link }) => {
    const when = since === null ? "" : ` since ${momentText(since, timezone)}`;
    const head = `${name}: ${kind.replaceAll("_", " ")}${when}`;
    const first = `  ${(severities[severity] ?? "").padEnd(8)}  ${line(head)}`;
    const indent = width < NARROW ? 4 : 12;
    // A URL must not be wrapped.
    const address = link === null ? "" : `\n${" ".repeat(indent)}${link}`;
    return `${wrapped(first, width, indent)}\n${wrapped(`${" ".repeat(indent)}${line(what)}`, width, indent)}${address}`;
  });
  return `What needs attention:\n${lines.join("\n")}\n`;
}

const line = (text: string) => visible(text).replace(/[\n\t]+/g, " ");

function numbersText({ rows }: Summary["numbers"], period: string, width: number): string {
  const texts = rows.map(({ number, value, before, change, unit }) => [
    number,
    valueText(value, unit),
    valueText(before, unit),
    changeText(change, unit),
  ]);
  if (width >= NARROW)
    return textTable(["", `last ${period}`, "before", "change"], texts, 2, [false, true, true, true]);
  const narrow = texts.map(([number, value, , change]) => [number, value, change] as const);
  return textTable(["", period, "change"], narrow, 0, [false, true, true]);
}

function valueText(value: number | null, unit: string): string {
  return value === null ? "too few" : numberText(value, unit, unit === "jobs");
}

/** In parentheses. */
const addressText = (link: string) => link.replace(/[()*_]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);

export function summaryMarkdown({ attention, numbers }: Summary, place: string): string {
  const { asOf, timezone, rows } = numbers;
  const lines = rows.map(
    ({ number, value, before, change, unit }) =>
      `| ${number} | ${valueText(value, unit)} | ${valueText(before, unit)} | ${changeText(change, unit)} |`,
  );
  const findings = attention.rows.map(
    ({ name, what, since, link }) =>
      `- **${link === null ? markdownText(name) : `[${markdownText(name)}](${addressText(link)})`}**: ${markdownText(what)}${since ? ` (since ${cellText(since, { type: "moment" }, timezone)})` : ""}`,
  );
  const first = `${findings.join("\n") || "Nothing needs attention."}\n\n`;
  return `**${markdownText(place)}**, as of ${momentText(asOf, timezone)} (${timezone})\n\n${first}| | now | before | change |\n| --- | --: | --: | --: |\n${lines.join("\n")}\n`;
}
