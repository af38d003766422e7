import { inOrderOf, jobColumns, limitParameter, within } from "../common.ts";
import type { Finding } from "../finding.ts";
import { findingsOf } from "../findings.ts";
import { linksTo, serversOf } from "../links.ts";
import { DAY, textOf } from "../moments.ts";
import { defineQuestion } from "../question.ts";
import { isOptIn, tableNames } from "../tables.ts";
import { failureBlastRadius } from "./failure-blast-radius.ts";

export const needsAttention = defineQuestion({
  name: "needs_attention",
  sentence: "What should you look at first?",
  limits:
    "Combines the findings of other questions, with their defaults. Here, a task is flaky if a retry saved a tenth of its instances, and an unusual run counts for a day.",
  tables: tableNames.filter((name) => !isOptIn(name)),
  parameters: {
    expect: { type: "list", default: [], description: "Deadlines, as for deadline_misses." },
    servers: {
      type: "list",
      default: [],
      description: "Where to link to: { pipeline, kind: airflow or dagster, url }.",
    },
    ...limitParameter(5),
  },
  columns: {
    severity: {
      type: "integer",
      description:
        "3: failed three times or more in a row, missed a deadline, or a component is down. 2: failing, stuck, missed. 1: slower, flaky, stale, or paused.",
    },
    kind: { type: "text", description: "The question with the details." },
    ...jobColumns,
    name: { type: "text", description: "The DAG, the job or the asset." },
    task: { type: "text", nullable: true, description: "The task." },
    run_id: { type: "text", nullable: true, description: "The run to look at." },
    since: { type: "moment", nullable: true, description: "When it started; null if unknown." },
    old: { type: "flag", description: "Whether it started before the window." },
    what: { type: "text", description: "Description, as a sentence." },
    value: { type: "number", nullable: true, description: "The conspicuous number." },
    normal: { type: "number", nullable: true, description: "The usual value." },
    unit: { type: "text", description: "Unit of both." },
    more: { type: "integer", description: "More findings for the same DAG, job or asset." },
    link: {
      type: "text",
      nullable: true,
      description:
        "The run in Airflow or Dagster, or else the DAG or the job's runs; null where the server is not known.",
    },
  },
  chart: { kind: "list" },
  // Runs per day, which decide the order of findings with the same severity.
  sql: ({ window }) => `
    SELECT orchestrator, pipeline, name, count(*) * 1.0 * ${DAY} / ${window.to - window.from} AS runs_per_day
    FROM plain_runs WHERE is_finished = 1 AND ${within("ended", window)} GROUP BY orchestrator, pipeline, name`,
  async finish(rows, asking) {
    const { window, parameters } = asking;
    const often = new Map(rows.map((row) => [keyOf(row as unknown as Finding), Number(row.runs_per_day)]));
    const blocked = new Map<string, number>();
    for (const { pipeline, dag, blocked_instances } of await asking.answer(failureBlastRadius)) {
      const key = keyOf({ orchestrator: "airflow", pipeline, name: dag });
      blocked.set(key, (blocked.get(key) ?? 0) + blocked_instances);
    }
    const byName = Map.groupBy(await findingsOf(asking, parameters.expect), keyOf);
    const start = textOf(window.from);
    const links = linksTo(serversOf(parameters.servers));
    return [...byName]
      .map(([key, findings]) => {
        const worst = findings.reduce((a, b) => (b.severity > a.severity ? b : a));
        const old = worst.since !== null && worst.since < start;
        const link = links({ ...worst }, worst.run_id ?? undefined) ?? null;
        const rank = { blocked: blocked.get(key) ?? 0, often: often.get(key) ?? 0 };
        return { ...worst, old, more: findings.length - 1, link, ...rank };
      })
      .sort(
        (a, b) =>
          b.severity - a.severity ||
          b.blocked - a.blocked ||
          b.often - a.often ||
          inOrderOf(a, b, ["name", "pipeline"]),
      )
      .slice(0, parameters.limit);
  },
});

function keyOf({ orchestrator, pipeline, name }: Pick<Finding, "orchestrator" | "pipeline" | "name">): string {
  return JSON.stringify([orchestrator, pipeline, name]);
}
