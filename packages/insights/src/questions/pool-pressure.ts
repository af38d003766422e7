import { inOrderOf, limitParameter, ofPresentDags, staleParameter } from "../common.ts";
import { InsightsError } from "../errors.ts";
import { HOUR, SECOND, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";
import { levelsOf } from "../statistics.ts";
import { activeExecutions, levelsSql } from "../sweep.ts";

const parameters = {
  slots: {
    type: "text",
    default: null,
    description: "Number of slots per pool, as in default_pool=128,small=4, which is not in the tables.",
  },
  ...staleParameter,
  ...limitParameter(200),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

/** From this share of its slots a pool counts as full, in percent: the next task may not fit. */
const FULL = 90;
const keys = ["pipeline", "pool"];

export const poolPressure = defineQuestion({
  name: "pool_pressure",
  sentence: "Which pools are too small or too large?",
  limits:
    "The size of a pool is not in the tables: without the parameter, only its use is known. As in Airflow, a slot is used from the time a task is queued. Deferred tasks always count here, but in Airflow only in pools that include them.",
  tables: ["airflow_task_instances"],
  waitsFor: ["pools"],
  parameters,
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    pool: { type: "text", description: "The pool." },
    slots: { type: "integer", nullable: true, description: "Number of slots; null if not given." },
    peak: { type: "integer", description: "Highest number of slots used at once." },
    peak_percent: { type: "number", nullable: true, unit: "%", description: "Highest share of slots used." },
    peak_at: { type: "moment", description: "When that was first reached." },
    mean: { type: "number", description: "Average number of slots used over time." },
    p95: { type: "integer", description: "Not exceeded for 95 % of the time." },
    waiting_hours: {
      type: "number",
      unit: "h",
      description: "Total time that tasks were scheduled but not yet queued.",
    },
    full_hours: { type: "number", nullable: true, unit: "h", description: "How long at least 90 % were used." },
    full_percent: { type: "number", nullable: true, unit: "%", description: "Share of that time." },
    waiting_while_full: {
      type: "number",
      nullable: true,
      unit: "h",
      description: "Waiting hours during that time, which more slots would have saved.",
    },
  },
  chart: { kind: "bars", label: "pool", value: "p95", mark: "peak" },
  sql(asking) {
    const { asOf, parameters, values } = asking;
    const window = pastOf(asking);
    const active = activeExecutions(asOf);
    const present = ofPresentDags("e", "dag_id", parameters);
    const keys = ["e.pipeline", "coalesce(e.pool, '(none)')"];
    const waiting = `FROM airflow_task_instances e WHERE e.is_latest = 1 AND e.purged_at IS NULL AND ${present}`;
    const slots = "coalesce(e.pool_slots, 1)";
    const intervals = [
      {
        ...{ keys, from: "coalesce(e.queued, e.started)", to: active.to, by: ["e.pool_slots", "0"] },
        of: `FROM executions e WHERE ${active.where} AND ${present}`,
      },
      { keys, from: "e.queued_when", to: `${asOf}`, by: [slots, "0"], of: `${waiting} AND e.state = 'queued'` },
      {
        ...{ keys, from: "e.scheduled", to: "coalesce(e.queued, e.started)", by: ["0", "1"] },
        of: `FROM executions e WHERE ${present}`,
      },
      { keys, from: "e.scheduled_when", to: `${asOf}`, by: ["0", "1"], of: `${waiting} AND e.state = 'scheduled'` },
      {
        ...{ keys, from: "e.scheduled_when", to: "e.queued_when", by: ["0", "1"] },
        of: `${waiting} AND e.state = 'queued'`,
      },
    ];
    const sweep = { keys: ["pipeline", "pool"], levels: ["used", "waiting"], intervals, marks: [window.from], window };
    return `
    WITH ${levelsSql(sweep, (rows) => values(rows, 2))}
    SELECT pipeline, pool, used, sum(length) AS length, sum(waiting * length) AS waited, min(instant) AS instant
    FROM levels GROUP BY pipeline, pool, used ORDER BY pipeline, pool, used`;
  },
  finish(rows, { parameters }) {
    const slots = slotsOf(parameters.slots);
    const pools = Map.groupBy(rows, (row) => JSON.stringify(keys.map((name) => row[name])));
    const answer = [...pools.values()].map((own) => poolOf(own, slots));
    answer.sort(
      (a, b) =>
        (b.full_percent ?? 0) - (a.full_percent ?? 0) ||
        b.waiting_hours - a.waiting_hours ||
        b.peak - a.peak ||
        inOrderOf(a, b, ["pool", "pipeline"]),
    );
    return answer.slice(0, parameters.limit);
  },
});

function pastOf({ window, asOf }: Own): Window {
  return { from: window.from, to: Math.max(window.from + SECOND, Math.min(window.to, asOf)) };
}

/** @param own the levels of one pool */
function poolOf(own: readonly SqlRow[], slotsBy: ReadonlyMap<string, number>) {
  const { pipeline, pool } = own[0] as SqlRow;
  const parts = own.map(({ used, length, waited, instant }) => ({
    ...{ used: Number(used), length: Number(length), waited: Number(waited), at: Number(instant) },
  }));
  const levels = levelsOf(parts.map(({ used, length }) => [used, length]));
  const sum = (of: typeof parts, what: "length" | "waited") => of.reduce((all, each) => all + each[what], 0);
  const slots = slotsBy.get(String(pool)) ?? null;
  const full = slots === null ? null : parts.filter(({ used }) => used * 100 >= FULL * slots);
  return {
    ...{ pipeline: String(pipeline), pool: String(pool), slots, ...levels },
    peak_percent: slots === null ? null : (levels.peak * 100) / slots,
    peak_at: parts.find(({ used }) => used === levels.peak)?.at as number,
    waiting_hours: sum(parts, "waited") / HOUR,
    full_hours: full && sum(full, "length") / HOUR,
    full_percent: full && (sum(full, "length") * 100) / sum(parts, "length"),
    waiting_while_full: full && sum(full, "waited") / HOUR,
  };
}

/** @throws InsightsError `INVALID_PARAMETER` */
function slotsOf(text: string | null): ReadonlyMap<string, number> {
  const pairs = (text ?? "").split(",").flatMap((part) => (part.trim() === "" ? [] : [part]));
  return new Map(
    pairs.map((part) => {
      const [, pool, slots] = /^\s*(.+?)\s*=\s*([1-9]\d{0,8})\s*$/.exec(part) ?? [];
      if (pool !== undefined) return [pool, Number(slots)];
      throw new InsightsError(
        "INVALID_PARAMETER",
        `pool_pressure: slots is ${JSON.stringify(text)}: write pools and numbers, as in default_pool=128,small=4.`,
      );
    }),
  );
}
