/** Shared by many questions: columns, parameters, conditions, statistics. */
import type { AnswerColumns, ParameterSet } from "./question.ts";

/** Identify the DAG or job of a row. */
export const jobColumns = {
  orchestrator: { type: "text", description: "airflow or dagster." },
  pipeline: { type: "text", description: "The pipeline that synced it." },
  name: { type: "text", description: "The DAG or the job." },
} as const satisfies AnswerColumns;

/** Identify the task of a row. Airflow only. */
export const taskColumns = {
  pipeline: { type: "text", description: "The pipeline that synced it." },
  dag: { type: "text", description: "The DAG." },
  task: { type: "text", description: "The task." },
} as const satisfies AnswerColumns;

export const staleParameter = {
  include_stale: {
    type: "boolean",
    default: false,
    description: "Whether to include DAGs that are no longer in their bundle.",
  },
} as const satisfies ParameterSet;

export const limitParameter = (rows: number) =>
  ({
    limit: {
      type: "number",
      default: rows,
      unit: "rows",
      whole: true,
      least: 1,
      description: "Maximum number of rows.",
    },
  }) as const satisfies ParameterSet;

/**
 * A condition on rows with `pipeline` and a DAG's id: excludes DAGs that are gone from their bundle, unless those
 * count.
 */
export function ofPresentDags(
  alias: string,
  dag: string,
  { include_stale }: { readonly include_stale: boolean },
): string {
  if (include_stale) return "1 = 1";
  return `NOT EXISTS (SELECT 1 FROM airflow_dags stale
    WHERE stale.pipeline = ${alias}.pipeline AND stale.dag_id = ${alias}.${dag} AND stale.is_stale = 1)`;
}

export const allTypesParameter = {
  all_types: { type: "boolean", default: false, description: "Whether to include manual runs and backfills." },
} as const satisfies ParameterSet;

/** A condition on runs: excludes those started by a person or a backfill, unless all count. */
export function ofRegularRuns(alias: string, { all_types }: { readonly all_types: boolean }): string {
  return all_types ? "1 = 1" : `${alias}.origin NOT IN ('manual', 'backfill')`;
}

/** A condition: a time is in a window. */
export function within(moment: string, { from, to }: { readonly from: number; readonly to: number }): string {
  return `${moment} >= ${from} AND ${moment} < ${to}`;
}

/** Wilson's 95 % interval of a proportion, in percent. */
export function wilson(successes: number, trials: number): { readonly low: number; readonly high: number } {
  const z = 1.959964;
  const share = successes / trials;
  const middle = share + (z * z) / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const scale = 100 / (1 + (z * z) / trials);
  return { low: Math.max(0, (middle - half) * scale), high: Math.min(100, (middle + half) * scale) };
}

/** Columns with the number of a group's durations above a minute, five minutes and an hour. */
export function over(seconds: string, limits: Readonly<Record<string, number>>): string {
  return Object.entries(limits)
    .map(([name, limit]) => `sum(CASE WHEN ${seconds} > ${limit} THEN 1 ELSE 0 END) AS ${name}`)
    .join(", ");
}

/** Compares two rows by columns, one after the other, null last. Independent of the machine's language. */
export function inOrderOf(a: object, b: object, columns: readonly string[]): number {
  const text = (row: object, name: string) => String((row as Readonly<Record<string, unknown>>)[name] ?? "\uffff");
  const differing = columns.find((name) => text(a, name) !== text(b, name));
  if (differing === undefined) return 0;
  return text(a, differing) < text(b, differing) ? -1 : 1;
}

/** The longest line of a message in an answer. */
const LONGEST_LINE = 200;

/** The first line of a message that says something, or the last one, as of a traceback. */
export function lineOf(message: unknown, which: "first" | "last" = "first"): string | null {
  const lines = String(message ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const line = lines.at(which === "first" ? 0 : -1);
  if (line === undefined) return null;
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1).toWellFormed()}…` : line;
}
