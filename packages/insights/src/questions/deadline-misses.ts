import { jobColumns } from "../common.ts";
import { type DailyDeadline, type Deadline, deadlineTimes, parseDeadlines, type RunDeadline } from "../deadlines.ts";
import { InsightsError } from "../errors.ts";
import { DAY, type Micros, SECOND, textOf } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { medianOf } from "../statistics.ts";

/** With fewer slots a percentage is meaningless. */
const ENOUGH_SLOTS = 5;

const noDeadlines =
  'deadline_misses: no deadlines are configured. Pass expect, as in [{ "dag": "sales", "done_by": "06:30" }], or set expect: in dagsync.yaml.';

interface Run {
  readonly due: Micros;
  /** When it succeeded. */
  readonly succeeded: Micros | undefined;
  /** Whether it was scheduled. */
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
        'Deadlines: { dag or job, done_by: "06:30", timezone, days: [mon-fri] } or { dag or job, within: "45m" }, and pipeline if several have it.',
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
    deadline: { type: "text", description: "The expected deadline." },
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
  // A deadline for something unknown is a finding too.
  isFinding: ({ missed, pipeline }) => missed > 0 || pipeline === null,
  sql({ window, timezone, parameters, value }) {
    const expected = parseDeadlines(parameters.expect, timezone);
    // "No misses" would suggest that something had been checked.
    if (expected.length === 0) throw new InsightsError("NO_DEADLINES", noDeadlines);
    const names = [...new Set(expected.map(({ name }) => name))].map(value).join(", ");
    const longest = Math.max(2 * DAY, ...expected.map((expected) => ("within" in expected ? expected.within : 0)));
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
    parseDeadlines(parameters.expect, timezone).flatMap((expected) => {
      const { orchestrator, name, pipeline, text } = expected;
      const own = rows.filter(
        (row) =>
          row.orchestrator === orchestrator &&
          row.name === name &&
          (pipeline === undefined || row.pipeline === pipeline),
      );
      const pipelines = [...new Set(own.map((row) => row.pipeline as string))];
      if (pipelines.length === 0)
        return [{ orchestrator, pipeline: pipeline ?? null, name, deadline: text, ...result([]) }];
      return pipelines.map((of) => {
        const runs = own.filter((row) => row.pipeline === of);
        const slots = slotsOf(expected, runs, { from: window.from, to: Math.min(window.to, asOf) });
        return { orchestrator, pipeline: of, name, deadline: text, ...result(slots) };
      });
    }),
});

function slotsOf(expected: Deadline, rows: readonly SqlRow[], until: { from: Micros; to: Micros }): readonly Slot[] {
  const runs = rows
    .filter(({ run_after }) => run_after !== null)
    .map((row) => ({
      due: Number(row.run_after),
      succeeded: row.state === "success" && row.ended !== null ? Number(row.ended) : undefined,
      isRegular: Number(row.is_regular) === 1,
    }))
    .sort((a, b) => a.due - b.due);
  if ("within" in expected) return runSlots(expected, runs, until);
  const seen = rows.flatMap(({ first_seen }) => (first_seen === null ? [] : [Number(first_seen)]));
  return daySlots(expected, runs, { ...until, from: Math.max(until.from, ...seen.slice(0, 1)) });
}

function runSlots({ within }: RunDeadline, runs: readonly Run[], { from, to }: { from: Micros; to: Micros }) {
  return runs
    .filter(({ isRegular, due }) => isRegular && due + within >= from && due + within < to)
    .map(({ due, succeeded }) => ({ deadline: due + within, ready: succeeded }));
}

/**
 * A day's deadline is met by the last scheduled run that was due before it, or by one started manually in its place
 * before the next run was due. If none was due, by a manual run that met no earlier day's deadline.
 */
function daySlots(
  expected: DailyDeadline,
  runs: readonly Run[],
  window: { from: Micros; to: Micros },
): readonly Slot[] {
  const used = new Set<Run>();
  return deadlineTimes(expected, window).map(({ after, deadline }) => {
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
