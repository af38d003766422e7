/** Writes the file that Dagster loads: the schedules as data, and below them the code that makes definitions of them. */
import { type PythonValue, python } from "../python.ts";
import { definitions } from "./definitions-source.ts";
import { execution, imports } from "./execution-source.ts";

/** The name of the file, and of the Python module. */
export const fileName = "dagsync_definitions.py";

/** A table that a schedule syncs. */
export interface SyncedTable {
  readonly key: readonly string[];
  readonly stream: string;
  readonly description: string;
  /** The kind of its source. */
  readonly kind: string;
  /** In which Dagster shows it: its pipeline. */
  readonly group: string;
}

/** A schedule as Dagster has it. */
export interface DagsterSchedule {
  /** Of its job, and of its schedule or sensor. */
  readonly name: string;
  readonly description: string;
  readonly command: readonly string[];
  readonly cwd: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly cron: string | null;
  readonly timezone: string;
  /** In seconds, instead of cron. */
  readonly interval: number | null;
  readonly catchup: string;
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly retry: {
    readonly max_retries: number;
    readonly exit_codes: readonly number[];
    readonly error_patterns: readonly string[];
    /** In seconds. */
    readonly initial_delay: number;
    readonly multiplier: number;
    /** In seconds. */
    readonly max_delay: number;
  } | null;
  /** Empty where it syncs nothing, or another schedule's assets. */
  readonly assets: readonly SyncedTable[];
  /** What it syncs besides assets of another schedule: known to Dagster by what is reported. */
  readonly reported_assets: readonly SyncedTable[];
  /** Whether the command tells Dagster what it does. */
  readonly reports: boolean;
  /** Whether some of the assets may be materialized without the others. */
  readonly can_subset: boolean;
}

/** The check of a pipeline's tables. */
export interface Verification
  extends Pick<DagsterSchedule, "name" | "command" | "cwd" | "environment" | "retry" | "reports"> {
  readonly keys: readonly (readonly string[])[];
}

/** @param header the first line, by which a deploy knows its own file */
export function definitionsText(
  header: string,
  schedules: readonly DagsterSchedule[],
  verifications: readonly Verification[],
): string {
  return [
    `${header}\n`,
    `"""Schedules of runner.yaml for Dagster: jobs, assets and checks that run commands."""\n`,
    imports,
    `\nSCHEDULES = ${listText(schedules)}\n`,
    `\nVERIFICATIONS = ${listText(verifications)}\n`,
    execution,
    definitions,
  ].join("");
}

/** A line for each value, so that a difference shows what changed. */
function listText(list: readonly object[]): string {
  if (list.length === 0) return "[]";
  return `[\n${list.map((each) => `    {\n${Object.entries(each).map(entryText).join("")}    },\n`).join("")}]`;
}

function entryText([key, value]: [string, PythonValue]): string {
  const isLong = Array.isArray(value) && value.some((each) => typeof each === "object");
  const text = isLong
    ? `[\n${(value as PythonValue[]).map((each) => `            ${python(each)},\n`).join("")}        ]`
    : python(value);
  return `        ${python(key)}: ${text},\n`;
}
