import { jobColumns } from "../common.ts";
import { InsightsError } from "../errors.ts";
import { DAY, type Micros, SECOND, textOf } from "../moments.ts";
import { type DailyPromise, deadlinesOf, type Expectation, promisesOf, type RunPromise } from "../promises.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { medianOf } from "../statistics.ts";

/** With fewer slots a percentage says nothing. */
const ENOUGH_SLOTS = 5;

const nothingPromised =
  'deadline_misses: no deadlines are configured. Pass expect, as in [{ "dag": "sales", "done_by": "06:30" }], or set expect: in dagsync.yaml.';

interface Run {
  readonly due: Micros;
  /** When it succeeded. */
  readonly succeeded: Micros | undefined;
  /** Whether it came by itself. */
  readonly isRegular: boolean;
}

interface Slot {
  readonly deadline: Micros;
  /** When it was ready. */
  readonly ready: Micros | undefined;
}

export const deadlineMisses = defineQuestion({
  name: "deadline_misses",
  sentence: "Which runs missed their deadlines?",
  limits:
    "A run that was cleared after it had succeeded counts by its last end. A deadline for every run (within) does not detect a run that never came: use a time of day (done_by). Days before the first known run are omitted.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  parameters: {
    expect: {
      type: "list",
      default: [],
      description:
        'Promises: { dag or job, done_by: "06:30", timezone, days: [mon-fri] } or { dag or job, within: "45m" }, and pipeline where several have it.',
    },
  },
  columns: {
    orchestrator: jobColumns.orchestrator,
    pipeline: {
      ...jobColumns.pipeline,
      nullable: true,
      description: "The pipeline; null if no DAG or job has that name.",
    },
    name: jobColumns.name,
    promise: { type: "text", description: "The promised deadline." },
    slots: { type: "integer", description: "Days, or runs, whose deadline passed within the window." },
    met: { type: "integer", description: "How many met it." },
    missed: { type: "integer", description: "How many missed it, whether or not they were done later." },
    met_percent: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Share that met it; null with fewer than 5.",
    },
    median_late: {
      type: "number",
      nullable: true,
      unit: "s",
      description: "How late the late ones were (median).",
    },
    worst_late: { type: "number", nullable: true, unit: "s", description: "The worst delay." },
    last_missed: { type: "moment", nullable: true, description: "The last missed deadline." },
    open: { type: "flag", description: "Whether the last deadline was missed and it is still not done." },
    outcomes: { type: "list", description: "met, late or missed for each day or run, oldest first." },
  },
  chart: { kind: "strip", label: "name", x: "outcomes", value: "outcomes" },
  // A promise of what is not there is not kept.
  isFinding: ({ missed, pipeline }) => missed > 0 || pipeline === null,
  sql({ window, timezone, parameters, value }) {
    const promises = promisesOf(parameters.expect, timezone);
    // "No misses" would sound as if something had been looked at.
    if (promises.length === 0) throw new InsightsError("NO_PROMISES", nothingPromised);
    const names = [...new Set(promises.map(({ name }) => name))].map(value).join(", ");
    const longest = Math.max(2 * DAY, ...promises.map((promise) => ("within" in promise ? promise.within : 0)));
    return `
      SELECT orchestrator, pipeline, name, job, run_id, state, ended, run_after, first_seen,
        CASE WHEN origin IN ('manual', 'backfill') THEN 0 ELSE 1 END AS is_regular
      FROM (SELECT r.*, min(coalesce(started, queued)) OVER (PARTITION BY orchestrator, pipeline, job) AS first_seen
        FROM plain_runs r WHERE name IN (${names})) AS known
      WHERE run_after >= ${window.from - longest} AND run_after < ${window.to}
      UNION ALL
      SELECT orchestrator, pipeline, name, job, NULL, NULL, NULL, NULL, NULL, NULL FROM jobs WHERE name IN (${names})
      ORDER BY 1, 2, 4, 8, 5`;
  },
  finish: (rows, { window, asOf, timezone, parameters }) =>
    promisesOf(parameters.expect, timezone).flatMap((promise) => {
      const { orchestrator, name, pipeline, text } = promise;
      const own = rows.filter(
        (row) =>
          row.orchestrator === orchestrator &&
          row.name === name &&
          (pipeline === undefined || row.pipeline === pipeline),
      );
      const pipelines = [...new Set(own.map((row) => row.pipeline as string))];
      if (pipelines.length === 0)
        return [{ orchestrator, pipeline: pipeline ?? null, name, promise: text, ...result([]) }];
      return pipelines.map((of) => {
        const runs = own.filter((row) => row.pipeline === of);
        const slots = slotsOf(promise, runs, { from: window.from, to: Math.min(window.to, asOf) });
        return { orchestrator, pipeline: of, name, promise: text, ...result(slots) };
      });
    }),
});

function slotsOf(promise: Expectation, rows: readonly SqlRow[], until: { from: Micros; to: Micros }): readonly Slot[] {
  const runs = rows
    .filter(({ run_after }) => run_after !== null)
    .map((row) => ({
      due: Number(row.run_after),
      succeeded: row.state === "success" && row.ended !== null ? Number(row.ended) : undefined,
      isRegular: Number(row.is_regular) === 1,
    }))
    .sort((a, b) => a.due - b.due);
  if ("within" in promise) return runSlots(promise, runs, until);
  const seen = rows.flatMap(({ first_seen }) => (first_seen === null ? [] : [Number(first_seen)]));
  return daySlots(promise, runs, { ...until, from: Math.max(until.from, ...seen.slice(0, 1)) });
}

function runSlots({ within }: RunPromise, runs: readonly Run[], { from, to }: { from: Micros; to: Micros }) {
  return runs
    .filter(({ isRegular, due }) => isRegular && due + within >= from && due + within < to)
    .map(({ due, succeeded }) => ({ deadline: due + within, ready: succeeded }));
}

/**
 * What a day promises is the last run that was due by itself before the deadline, or one that somebody started instead of
 * it, before the next run was due. Where none was due, it is what somebody started, and what made no earlier day good.
 */
function daySlots(promise: DailyPromise, runs: readonly Run[], window: { from: Micros; to: Micros }): readonly Slot[] {
  const used = new Set<Run>();
  return deadlinesOf(promise, window).map(({ after, deadline }) => {
    const regular = runs.filter(({ isRegular, due }) => isRegular && due > after && due <= deadline).at(-1);
    const next = runs.find(({ isRegular, due }) => isRegular && due > deadline)?.due ?? deadline + DAY;
    const ready = runs
      .filter((run) => run.succeeded !== undefined && !used.has(run) && run.due < next)
      .filter(({ due }) => (regular ? due >= regular.due : due > after))
      .sort((a, b) => (a.succeeded as number) - (b.succeeded as number))[0];
    if (ready) used.add(ready);
    return { deadline, ready: ready?.succeeded };
  });
}

function result(slots: readonly Slot[]) {
  const outcomes = slots.map(({ deadline, ready }) => {
    if (ready === undefined) return "missed";
    return ready <= deadline ? "met" : "late";
  });
  const met = outcomes.filter((outcome) => outcome === "met").length;
  const late = slots.flatMap(({ deadline, ready }) =>
    ready !== undefined && ready > deadline ? [(ready - deadline) / SECOND] : [],
  );
  const last = outcomes.findLastIndex((outcome) => outcome !== "met");
  return {
    slots: slots.length,
    met,
    missed: slots.length - met,
    met_percent: slots.length >= ENOUGH_SLOTS ? (met * 100) / slots.length : null,
    median_late: medianOf(late) ?? null,
    worst_late: late.length > 0 ? Math.max(...late) : null,
    last_missed: last < 0 ? null : textOf((slots[last] as Slot).deadline),
    open: outcomes.at(-1) === "missed",
    outcomes,
  };
}
