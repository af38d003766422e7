/** Derives findings from other questions' answers. */
import { type Finding, type Found, lengthText, type Row, unknown } from "./finding.ts";
import { failedCheck, failingTicks, unhealthy, unloadable, waitingForPerson } from "./further-findings.ts";
import { DAY, type Micros } from "./moments.ts";
import type { AnswerColumns, AnswerRow, Asking, ParameterSet, ParameterValues, Question } from "./question.ts";
import { checkResults } from "./questions/check-results.ts";
import { deadlineMisses } from "./questions/deadline-misses.ts";
import { durationAnomalies } from "./questions/duration-anomalies.ts";
import { failingNow } from "./questions/failing-now.ts";
import { failuresAfterChange } from "./questions/failures-after-change.ts";
import { flakyTasks } from "./questions/flaky-tasks.ts";
import { gotSlower } from "./questions/got-slower.ts";
import { importErrors } from "./questions/import-errors.ts";
import { missedRuns } from "./questions/missed-runs.ts";
import { runningTooLong } from "./questions/running-too-long.ts";
import { schedulerHealth } from "./questions/scheduler-health.ts";
import { staleAssets } from "./questions/stale-assets.ts";
import { stuckWaiting } from "./questions/stuck-waiting.ts";
import { tickHealth } from "./questions/tick-health.ts";
import { waitingForPeople } from "./questions/waiting-for-people.ts";

/** From this many failed runs in a row it is critical. */
const CRITICAL_STREAK = 3;
/** From this share of instances rescued by a retry, in percent, a task counts as flaky. */
const FLAKY = 10;

/** The findings of all questions that have some. */
export async function findingsOf(asking: Asking, expect: readonly unknown[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const of = async <P extends ParameterSet, C extends AnswerColumns>(
    question: Question<P, C>,
    find: (row: AnswerRow<C>) => Omit<Finding, "kind"> | undefined,
    parameters?: Partial<ParameterValues<P>>,
  ) => {
    for (const row of await asking.answer(question, parameters)) {
      const finding = find(row);
      if (finding) findings.push({ kind: question.name, ...finding });
    }
  };
  // Of findings with the same severity, the first is listed.
  await of(failingNow, failing);
  if (expect.length > 0) await of(deadlineMisses, missedDeadline, { expect });
  await of(schedulerHealth, unhealthy);
  await of(importErrors, unloadable);
  await of(tickHealth, failingTicks);
  await of(checkResults, failedCheck);
  await of(runningTooLong, running);
  await of(stuckWaiting, waiting);
  await of(missedRuns, missed);
  await of(failuresAfterChange, changed);
  await of(gotSlower, slower);
  await of(flakyTasks, flaky);
  await of(staleAssets, stale);
  await of(waitingForPeople, waitingForPerson);
  await of(durationAnomalies, (row) => unusual(row, asking.asOf - DAY));
  return findings;
}

function failing(row: Row<typeof failingNow>): Found {
  const {
    orchestrator,
    pipeline,
    name,
    streak,
    run_id,
    failing_since,
    last_error_task: task,
    running_again,
    paused,
  } = row;
  const runs = streak === 1 ? "The last run failed" : `The last ${streak} runs failed`;
  const then = running_again ? " A later one is queued or running." : paused ? " It is paused now." : "";
  // Paused on purpose.
  const severity = paused ? 1 : streak >= CRITICAL_STREAK ? 3 : 2;
  const what = `${runs}${task === null ? "" : `, in ${task}`}.${then}`;
  const of = { orchestrator, pipeline, name, task, run_id, since: failing_since };
  return { ...unknown, ...of, severity, what, value: streak, unit: "runs" };
}

function missedDeadline(row: Row<typeof deadlineMisses>): Found {
  const { orchestrator, pipeline, name, deadline, slots, missed, last_missed, open, outcomes } = row;
  // A deadline that was met again needs no attention.
  if (pipeline === null || outcomes.at(-1) === "met" || slots === 0) return undefined;
  const what = `Not ready ${deadline}: ${open ? "not ready yet" : "the last one was late"}. Missed ${missed} of ${slots}.`;
  const of = { orchestrator, pipeline, name, since: last_missed };
  return { ...unknown, ...of, severity: open ? 3 : 2, what, value: missed, unit: "slots" };
}

function running(row: Row<typeof runningTooLong>): Found {
  const { orchestrator, pipeline, name, task, run_id, started, running_for: value, normal_p95: normal } = row;
  const usual = normal === null ? "too few successes to compare with" : `usually no more than ${lengthText(normal)}`;
  const what = `${task ?? "A run"} has been running for ${lengthText(value)}: ${usual}.`;
  return { orchestrator, pipeline, name, task, run_id, since: started, severity: 2, what, value, normal, unit: "s" };
}

function waiting(row: Row<typeof stuckWaiting>): Found {
  const { orchestrator, pipeline, name, task, run_id, since, waiting: value, state, cause } = row;
  const what = `${task ?? "A run"} has been ${state.toLowerCase()} for ${lengthText(value)}: ${cause}.`;
  const severity = cause === "paused" ? 1 : 2;
  return { ...unknown, orchestrator, pipeline, name, task, run_id, since, severity, what, value, unit: "s" };
}

function missed({ orchestrator, pipeline, name, schedule, expected, late, reason }: Row<typeof missedRuns>): Found {
  const what = `No run since one was due ${lengthText(late)} ago${schedule ? `, by ${schedule}` : ""}${reason ? `: ${reason}` : ""}.`;
  return { ...unknown, orchestrator, pipeline, name, since: expected, severity: 2, what, value: late, unit: "s" };
}

function changed(row: Row<typeof failuresAfterChange>): Found {
  const {
    pipeline,
    dag: name,
    version,
    first_seen: since,
    rate_before,
    rate_after,
    median_before,
    median_after,
    verdict,
  } = row;
  const of = { ...unknown, orchestrator: "airflow", pipeline, name, since };
  if (verdict === "fails more" && rate_before !== null && rate_after !== null) {
    const what = `Since version ${version}, ${Math.round(rate_after)} % of the runs succeed: ${Math.round(rate_before)} % did before.`;
    return { ...of, severity: 2, what, value: rate_after, normal: rate_before, unit: "%" };
  }
  if (verdict !== "slower" || median_before === null || median_after === null) return undefined;
  const what = `Since version ${version}, runs take ${lengthText(median_after)}: ${lengthText(median_before)} before.`;
  return { ...of, severity: 1, what, value: median_after, normal: median_before, unit: "s" };
}

function slower({ orchestrator, pipeline, name, task, before, after, since }: Row<typeof gotSlower>): Found {
  const what = `${task === null ? "Runs take" : `${task} takes`} ${lengthText(after)}: ${lengthText(before)} before.`;
  const of = { orchestrator, pipeline, name, task, since };
  return { ...unknown, ...of, severity: 1, what, value: after, normal: before, unit: "s" };
}

function unusual(row: Row<typeof durationAnomalies>, after: Micros): Found {
  const { orchestrator, pipeline, name, task, run: run_id, started: since, took: value, usual: normal } = row;
  if (Date.parse(since) * 1000 < after) return undefined;
  const what = `${task ?? "A run"} took ${lengthText(value)}: usually ${lengthText(normal)}.`;
  return { orchestrator, pipeline, name, task, run_id, since, severity: 1, what, value, normal, unit: "s" };
}

function flaky({ pipeline, dag: name, task, saved, instances, saved_percent: value }: Row<typeof flakyTasks>): Found {
  if (value < FLAKY) return undefined;
  const what = `${task} succeeded only on retry ${saved} of ${instances} times.`;
  return { ...unknown, orchestrator: "airflow", pipeline, name, task, severity: 1, what, value, unit: "%" };
}

function stale({
  orchestrator,
  pipeline,
  asset: name,
  state,
  last: since,
  last_run,
  age,
  usual,
}: Row<typeof staleAssets>): Found {
  if (state !== "stale" || age === null || usual === null) return undefined;
  const made = orchestrator === "airflow" ? "Updated" : "Materialized";
  const what = `${made} ${lengthText(age)} ago: usually every ${lengthText(usual)}.`;
  const of = { orchestrator, pipeline, name, run_id: last_run, since };
  return { ...unknown, ...of, severity: 1, what, value: age, normal: usual, unit: "s" };
}
