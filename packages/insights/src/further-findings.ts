/** Findings of questions about opt-in streams. */
import { lineOf } from "./common.ts";
import { type Found, lengthText, type Row, unknown } from "./finding.ts";
import { checkResults } from "./questions/check-results.ts";
import type { importErrors } from "./questions/import-errors.ts";
import type { schedulerHealth } from "./questions/scheduler-health.ts";
import { tickHealth } from "./questions/tick-health.ts";
import type { waitingForPeople } from "./questions/waiting-for-people.ts";

export function unhealthy(row: Row<typeof schedulerHealth>): Found {
  const { orchestrator, pipeline, component: name, state, required, last_heartbeat: since, age: value, error } = row;
  if (!required || state === "healthy") return undefined;
  const of = { ...unknown, orchestrator, pipeline, name, since, value, unit: "s" };
  if (state === "errors") return { ...of, severity: 2, what: `It reports: ${lineOf(error) ?? "errors"}.`, value: null };
  const last = value === null ? "" : ` Its last heartbeat was ${lengthText(value)} before the last sync.`;
  return { ...of, severity: 3, what: `${state === "never" ? "It never ran." : "It is down."}${last}` };
}

export function unloadable({
  orchestrator,
  pipeline,
  file: name,
  state,
  since,
  lasted,
  error,
}: Row<typeof importErrors>): Found {
  if (state !== "open") return undefined;
  const what = `It cannot be loaded${error === null ? "" : `: ${sentence(error)}`}`;
  return { ...unknown, orchestrator, pipeline, name, since, severity: 2, what, value: lasted, unit: "s" };
}

export function failingTicks(row: Row<typeof tickHealth>): Found {
  const { pipeline, kind, automation: name, streak, failing_since: since, error } = row;
  if (!tickHealth.isFinding?.(row)) return undefined;
  const ticks = streak === 1 ? `The last tick of the ${kind} failed` : `The last ${streak} ticks of the ${kind} failed`;
  const line = lineOf(error);
  const what = line === null ? `${ticks}.` : `${ticks}: ${sentence(line)}`;
  return {
    ...unknown,
    orchestrator: "dagster",
    pipeline,
    name,
    since,
    severity: 2,
    what,
    value: streak,
    unit: "ticks",
  };
}

export function failedCheck(row: Row<typeof checkResults>): Found {
  const { pipeline, asset: name, check, state, since, last_run: run_id, rate: value } = row;
  if (!checkResults.isFinding?.(row)) return undefined;
  const what = `The check ${check} ${state === "error" ? "had no result" : "failed"}.`;
  return { ...unknown, orchestrator: "dagster", pipeline, name, run_id, since, severity: 2, what, value, unit: "%" };
}

export function waitingForPerson(row: Row<typeof waitingForPeople>): Found {
  const { pipeline, dag: name, task, open, waiting_since: since, waiting: value, run: run_id, median: normal } = row;
  if (open === 0 || value === null) return undefined;
  const others = open === 1 ? "" : `, and ${open - 1} more`;
  const what = `${task} has waited for a person for ${lengthText(value)}${others}.`;
  return { orchestrator: "airflow", pipeline, name, task, run_id, since, severity: 1, what, value, normal, unit: "s" };
}

const sentence = (line: string) => (/[.!?…]$/.test(line) ? line : `${line}.`);
