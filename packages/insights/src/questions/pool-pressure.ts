import { inOrderOf, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { InsightsError } from "../errors.ts";
import { HOUR, SECOND, type Window } from "../moments.ts";
import { type Asking, defineQuestion, type ParameterSet, type SqlRow } from "../question.ts";
import { levelsOf } from "../statistics.ts";
import { activeExecutions, levelsSql } from "../sweep.ts";

const parameters = {
  slots: {
    type: "text",
    default: null,
    description: "Number of slots per pool, as in default_pool=128,small=4, instead of the synced ones.",
  },
  ...staleParameter,
  ...limitParameter(200),
} as const satisfies ParameterSet;

type Own = Asking<typeof parameters>;

/** From this share of its slots a pool counts as full, in percent: the next task may not fit. */
const FULL = 90;
/** With fewer samples, their share says nothing. */
const ENOUGH_SAMPLES = 10;
const keys = ["pipeline", "pool"];

export const poolPressure = defineQuestion({
  name: "pool_pressure",
  sentence: "Which pools are too small or too large?",
  limits:
    "Without the streams pools or pool_samples and without the parameter, a pool's size is not known, only its use. With pools alone, it is the present one at all times. As in Airflow, a slot is used from the time a task is queued. How long a finished task was deferred is not known: it counts as using its slots. Samples only see what was so when a sync ran.",
  tables: ["airflow_task_instances"],
  betterWith: ["airflow_pools", "airflow_pool_samples"],
  parameters,
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    pool: { type: "text", description: "The pool." },
    slots: {
      type: "integer",
      nullable: true,
      description: "Number of slots at the end; null if unknown or unlimited.",
    },
    peak: { type: "integer", description: "Highest number of slots used at once." },
    peak_percent: { type: "number", nullable: true, unit: "%", description: "Highest share of slots used." },
    peak_at: { type: "moment", nullable: true, description: "When that was first reached; null if unused." },
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
    samples: { type: "integer", nullable: true, description: "Samples of the pool; null if there are none." },
    sampled_peak: { type: "integer", nullable: true, description: "Most slots occupied in one, by Airflow's count." },
    sampled_full_percent: {
      type: "number",
      nullable: true,
      unit: "%",
      description: "Share of the samples with at least 90 % occupied; null with fewer than 10.",
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
    // Airflow gives the slots of deferred tasks back, unless the pool includes them.
    const occupying = `NOT (e.state = 'deferred' AND EXISTS (SELECT 1 FROM airflow_pools p
      WHERE p.pipeline = e.pipeline AND p.name = e.pool AND p.include_deferred = 0))`;
    const using = (by: string) => [by, "0", "0", "0"];
    const wanting = ["0", "1", "0", "0"];
    const intervals = [
      {
        ...{ keys, from: "coalesce(e.queued, e.started)", to: active.to, by: using("e.pool_slots") },
        of: `FROM executions e WHERE ${active.where} AND ${occupying} AND ${present}`,
      },
      { keys, from: "e.queued_when", to: `${asOf}`, by: using(slots), of: `${waiting} AND e.state = 'queued'` },
      {
        ...{ keys, from: "e.scheduled", to: "coalesce(e.queued, e.started)", by: wanting },
        of: `FROM executions e WHERE ${present}`,
      },
      { keys, from: "e.scheduled_when", to: `${asOf}`, by: wanting, of: `${waiting} AND e.state = 'scheduled'` },
      { keys, from: "e.scheduled_when", to: "e.queued_when", by: wanting, of: `${waiting} AND e.state = 'queued'` },
      {
        ...{ keys: ["s.pipeline", "s.pool"], from: "s.began", to: "s.gone", by: ["0", "0", "s.slots", "1"] },
        // -1 slots are no limit.
        of: "FROM sizes s WHERE s.slots >= 0",
      },
    ];
    const levels = ["used", "waiting", "slots", "is_known"];
    const sweep = { keys: ["pipeline", "pool"], levels, intervals, marks: [window.from], window };
    return `
    WITH ${sizesSql(window)}, ${levelsSql(sweep, (rows) => values(rows, 2))}
    SELECT pipeline, pool, used, CASE WHEN is_known > 0 THEN slots END AS slots, sum(length) AS length,
      sum(waiting * length) AS waited, min(instant) AS instant, max(instant) AS latest
    FROM levels GROUP BY pipeline, pool, used, CASE WHEN is_known > 0 THEN slots END ORDER BY pipeline, pool, used`;
  },
  async finish(rows, asking) {
    const { parameters, query } = asking;
    const given = slotsOf(parameters.slots);
    const samples = new Map((await query(() => samplesSql(pastOf(asking)))).map((row) => [keyOf(row), row]));
    const pools = Map.groupBy(rows, keyOf);
    const answer = [...pools].map(([key, own]) => ({ ...poolOf(own, given), ...sampledOf(samples.get(key)) }));
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

function keyOf(row: SqlRow): string {
  return JSON.stringify(keys.map((name) => row[name]));
}

function pastOf({ window, asOf }: Own): Window {
  return { from: window.from, to: Math.max(window.from + SECOND, Math.min(window.to, asOf)) };
}

/**
 * A query `sizes`: how many slots each pool had, and when. A sample holds until the next one, the first one also before;
 * without samples the present size holds.
 */
function sizesSql({ from, to }: Window): string {
  return `sampled AS (
      SELECT pipeline, name AS pool, sampled_at, slots, lag(slots) OVER (PARTITION BY pipeline, name ORDER BY sampled_at) AS earlier
      FROM airflow_pool_samples WHERE sampled_at < ${to}),
    sizes AS (
      SELECT pipeline, pool, CASE WHEN earlier IS NULL AND sampled_at > ${from} THEN ${from} ELSE sampled_at END AS began,
        lead(sampled_at, 1, ${to}) OVER (PARTITION BY pipeline, pool ORDER BY sampled_at) AS gone, slots
      FROM sampled WHERE earlier IS NULL OR earlier <> slots
      UNION ALL
      SELECT p.pipeline, p.name, ${from}, ${to}, p.slots FROM airflow_pools p
      WHERE NOT EXISTS (SELECT 1 FROM sampled s WHERE s.pipeline = p.pipeline AND s.pool = p.name))`;
}

function samplesSql(window: Window): string {
  return `SELECT pipeline, name AS pool, count(*) AS samples, max(occupied_slots) AS peak,
      sum(CASE WHEN slots >= 0 AND occupied_slots * 100 >= ${FULL} * slots THEN 1 ELSE 0 END) AS full_ones
    FROM airflow_pool_samples WHERE ${within("sampled_at", window)} GROUP BY pipeline, name`;
}

function sampledOf(row: SqlRow | undefined) {
  if (!row) return { samples: null, sampled_peak: null, sampled_full_percent: null };
  const samples = Number(row.samples);
  const percent = samples < ENOUGH_SAMPLES ? null : (Number(row.full_ones) * 100) / samples;
  return { samples, sampled_peak: Number(row.peak), sampled_full_percent: percent };
}

/** @param own the levels of one pool */
function poolOf(own: readonly SqlRow[], given: ReadonlyMap<string, number>) {
  const { pipeline, pool } = own[0] as SqlRow;
  const parts = own.map(({ used, slots, length, waited, instant, latest }) => ({
    ...{ used: Number(used), slots: given.get(String(pool)) ?? (slots === null ? null : Number(slots)) },
    ...{ length: Number(length), waited: Number(waited), at: Number(instant), latest: Number(latest) },
  }));
  const levels = levelsOf(parts.map(({ used, length }) => [used, length]));
  const sum = (of: typeof parts, what: "length" | "waited") => of.reduce((all, each) => all + each[what], 0);
  const sized = parts.filter(({ slots }) => slots !== null) as ((typeof parts)[number] & { readonly slots: number })[];
  const full = sized.length === 0 ? null : sized.filter(({ used, slots }) => used * 100 >= FULL * slots);
  const shares = sized.flatMap(({ used, slots }) => (slots > 0 ? [(used * 100) / slots] : []));
  const peaks = parts.filter(({ used }) => used === levels.peak).map(({ at }) => at);
  return {
    ...{ pipeline: String(pipeline), pool: String(pool), ...levels },
    slots: parts.reduce((a, b) => (b.latest > a.latest ? b : a)).slots,
    peak_percent: shares.length === 0 ? null : Math.max(...shares),
    peak_at: levels.peak === 0 ? null : Math.min(...peaks),
    waiting_hours: sum(parts, "waited") / HOUR,
    full_hours: full && sum(full, "length") / HOUR,
    full_percent: full && (sum(full, "length") * 100) / sum(sized, "length"),
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
