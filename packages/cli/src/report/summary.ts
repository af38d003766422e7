/** What the command tells without a question: what needs attention, then five numbers with their change. */
import {
  type Answer,
  cellText,
  changeText,
  type Insights,
  keyNumbers,
  momentText,
  numberText,
  questions,
  type Scope,
} from "@org/insights";
import { visible } from "../render/safe-output.ts";
import { textTable } from "../render/table.ts";
import { markdownText, table } from "./formats.ts";

export interface Summary {
  /** Undefined where this release does not know the question, or nothing is stored for it. */
  readonly attention?: Answer | undefined;
  readonly numbers: Answer<typeof keyNumbers.columns>;
}

export async function summarized(insights: Insights, scope: Scope): Promise<Summary> {
  const question = questions.find(({ name }) => name === "needs_attention");
  return {
    attention: question && (await insights.answer(question, { ...scope })),
    numbers: await insights.answer(keyNumbers, scope),
  };
}

export function summaryText({ attention, numbers }: Summary, place: string): string {
  const { asOf, timezone, window } = numbers;
  const days = (Date.parse(window.to) - Date.parse(window.from)) / 86_400_000;
  const period =
    Number.isInteger(days) && days > 1 ? `${days} days` : days === 1 ? "day" : `${Math.round(days * 24)} hours`;
  const head = `${place}, as of ${momentText(asOf, timezone)} (${timezone})\n`;
  return [head, ...(attention ? [attentionText(attention)] : []), numbersText(numbers, period)].join("\n");
}

function attentionText(answer: Answer): string {
  const { rows, timezone } = answer;
  if (rows.length === 0) return "Nothing needs attention.\n";
  const severities = ["", "minor", "major", "critical"];
  const asFinding = rows.every((row) => typeof row.what === "string" && typeof row.name === "string");
  if (!asFinding) return `What needs attention:\n${table(answer, 2)}`;
  const lines = rows.map(({ severity, kind, name, since, what }) => {
    const when = since ? ` since ${momentText(String(since), timezone)}` : "";
    const one = [severities[Number(severity)] ?? "", `${name}: ${String(kind).replaceAll("_", " ")}${when}`];
    return `  ${(one[0] as string).padEnd(8)}  ${line(one[1] as string)}\n            ${line(String(what))}`;
  });
  return `What needs attention:\n${lines.join("\n")}\n`;
}

const line = (text: string) => visible(text).replace(/[\n\t]+/g, " ");

function numbersText({ rows }: Summary["numbers"], period: string): string {
  const texts = rows.map(({ number, value, before, change, unit }) => [
    number,
    valueText(value, unit),
    valueText(before, unit),
    changeText(change, unit),
  ]);
  return textTable(["", `last ${period}`, "before", "change"], texts, 2, [false, true, true, true]);
}

function valueText(value: number | null, unit: string): string {
  return value === null ? "too few" : numberText(value, unit, unit === "jobs");
}

export function summaryMarkdown({ attention, numbers }: Summary, place: string): string {
  const { asOf, timezone, rows } = numbers;
  const lines = rows.map(
    ({ number, value, before, change, unit }) =>
      `| ${number} | ${valueText(value, unit)} | ${valueText(before, unit)} | ${changeText(change, unit)} |`,
  );
  const findings = (attention?.rows ?? []).map(
    ({ name, what, since }) =>
      `- **${markdownText(String(name))}**: ${markdownText(String(what))}${since ? ` (since ${cellText(since, { type: "moment" }, timezone)})` : ""}`,
  );
  const first = attention ? `${findings.join("\n") || "Nothing needs attention."}\n\n` : "";
  return `**${markdownText(place)}**, as of ${momentText(asOf, timezone)} (${timezone})\n\n${first}| | now | before | change |\n| --- | --: | --: | --: |\n${lines.join("\n")}\n`;
}
