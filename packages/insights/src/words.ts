/** Formats an answer's values for readers. */
import type { AnswerColumn, AnswerColumns } from "./question.ts";

/**
 * The columns that a table shows, in order. A column that identifies rows is omitted if it is the same in all; the
 * orchestrator, too, if pipelines are shown, since each has one.
 */
export function shownColumns(
  columns: AnswerColumns,
  rows: readonly Readonly<Record<string, unknown>>[],
): readonly (readonly [name: string, column: AnswerColumn])[] {
  const varies = (name: string) => rows.some((row) => row[name] !== rows[0]?.[name]);
  return Object.entries(columns).filter(([name, { type, nullable }]) => {
    if (type === "list") return name === "last_runs";
    if (name === "orchestrator") return varies(name) && !varies("pipeline");
    if (name === "pipeline") return varies(name);
    return !nullable || rows.length === 0 || rows.some((row) => row[name] !== null);
  });
}

/** Whether a column is aligned to the right. */
export function isNumeric({ type }: AnswerColumn): boolean {
  return type === "integer" || type === "number";
}

/** A column's heading. Times and percentages show their unit in the cells. */
export function headOf(name: string): string {
  return name.replaceAll("_", " ");
}

export function cellText(
  value: unknown,
  { type, unit }: Pick<AnswerColumn, "type" | "unit">,
  timezone: string,
): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return numberText(value, unit, type === "integer");
  if (type === "moment") return momentText(String(value), timezone);
  if (Array.isArray(value)) return value.map(outcomeMark).join("");
  return String(value);
}

/** A number with the sign of a change. */
export function changeText(value: number | null, unit: string): string {
  if (value === null) return "–";
  const text = numberText(Math.abs(value), unit === "%" ? "points" : unit, unit === "jobs");
  if (/^0(\.0+)?( |$)/.test(text)) return "=";
  return `${value < 0 ? "−" : "+"}${text}`;
}

export function numberText(value: number, unit: string | undefined, isWhole = false): string {
  if (unit === "s") return value < 0 ? `−${durationText(-value)}` : durationText(value);
  const isShare = unit === "%" || unit === "points";
  const digits = isShare ? 1 : isWhole || Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1;
  const text = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(value)
    .replace("-", "−");
  return unit === "%" || unit === "h" || unit === "points" ? `${text} ${unit}` : text;
}

/** A time in a time zone: `Mon 30 Nov 06:15`. */
export function momentText(text: string, timezone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    weekday: "short",
    day: "2-digit",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(text));
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("weekday")} ${of("day")} ${of("month")} ${of("hour")}:${of("minute")}`;
}

function outcomeMark(outcome: unknown): string {
  if (outcome === "success") return "·";
  return outcome === "failed" ? "×" : "–";
}

function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${twoDigits(seconds / 60)} min`;
  return seconds < 172_800 ? `${twoDigits(seconds / 3600)} h` : `${twoDigits(seconds / 86_400)} days`;
}

/** `2.4`, and `24`: fewer digits say nothing, more are not read. */
function twoDigits(value: number): string {
  return value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value));
}
