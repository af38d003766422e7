import { allTypesParameter, jobColumns, ofPresentDags, ofRegularRuns, staleParameter } from "../common.ts";
import { SECOND, textOf } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";
import { medianOf, percentileOf } from "../statistics.ts";

/** With fewer incidents a median is meaningless. */
const ENOUGH = 3;
const order = "PARTITION BY orchestrator, pipeline, job ORDER BY ended, run_id";

export const timeToRecovery = defineQuestion({
  name: "time_to_recovery",
  sentence: "How long do breakages last?",
  limits:
    "Only the last outcome of a cleared run is known, so a breakage that was fixed by a clear is not included. An ongoing one lasts until now, and may last longer.",
  tables: ["airflow_dag_runs", "dagster_runs"],
  days: 30,
  parameters: { ...allTypesParameter, ...staleParameter },
  columns: {
    ...jobColumns,
    incidents: { type: "integer", description: "Breakages that ended in the window, or are ongoing." },
    median: { type: "number", nullable: true, unit: "s", description: "Median length; null with fewer than 3." },
    p90: {
      type: "number",
      nullable: true,
      unit: "s",
      description: "90th percentile; null with fewer than 3.",
    },
    longest: { type: "number", unit: "s", description: "The longest one." },
    open: { type: "flag", description: "Whether the last one is ongoing." },
    failed_runs: { type: "integer", description: "Failed runs in them." },
    began: { type: "list", description: "When each started: the end of its first failed run." },
    lengths: { type: "list", description: "Length of each in seconds, in the same order." },
  },
  chart: { kind: "strip", label: "name", x: "began", value: "lengths" },
  // An incident is the failed runs between two successes. Canceled runs neither start nor end one.
  sql: ({ window, asOf, parameters }) => `
    WITH outcomes AS (
      SELECT orchestrator, pipeline, name, job, run_id, state, ended,
        min(CASE WHEN state = 'success' THEN ended END)
          OVER (${order} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS recovered,
        sum(CASE WHEN state = 'success' THEN 1 ELSE 0 END) OVER (${order} ROWS UNBOUNDED PRECEDING) AS successes
      FROM plain_runs r WHERE state IN ('success', 'failed') AND ended IS NOT NULL
        AND ${ofRegularRuns("r", parameters)} AND ${ofPresentDags("r", "name", parameters)})
    SELECT orchestrator, pipeline, name, job, min(ended) AS began, min(recovered) AS recovered, count(*) AS failed_runs,
      (coalesce(min(recovered), ${asOf}) - min(ended)) * 1.0 / ${SECOND} AS seconds
    FROM outcomes WHERE state = 'failed'
    GROUP BY orchestrator, pipeline, name, job, successes
    HAVING (min(recovered) IS NULL AND min(ended) < ${window.to}) OR (min(recovered) >= ${window.from} AND min(recovered) < ${window.to})
    ORDER BY orchestrator, pipeline, job, began`,
  finish(rows) {
    const jobs = new Map<string, SqlRow[]>();
    for (const row of rows) {
      const key = JSON.stringify([row.orchestrator, row.pipeline, row.job]);
      jobs.set(key, [...(jobs.get(key) ?? []), row]);
    }
    return [...jobs.values()]
      .map((incidents): SqlRow => {
        const lengths = incidents.map(({ seconds }) => Number(seconds));
        const isEnough = incidents.length >= ENOUGH;
        return {
          ...incidents[0],
          incidents: incidents.length,
          median: isEnough ? medianOf(lengths)! : null,
          p90: isEnough ? percentileOf(lengths, 90)! : null,
          longest: Math.max(...lengths),
          open: incidents.some(({ recovered }) => recovered === null),
          failed_runs: incidents.reduce((sum, { failed_runs }) => sum + Number(failed_runs), 0),
          began: incidents.map(({ began }) => textOf(Number(began))),
          lengths,
        };
      })
      .sort((a, b) => Number(b.longest) - Number(a.longest));
  },
});
