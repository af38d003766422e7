import { inOrderOf, limitParameter, ofPresentDags, staleParameter, within } from "../common.ts";
import { defineQuestion } from "../question.ts";

const kinds = ["hostname", "queue", "executor", "pool"] as const;

/**
 * Suffixes that Kubernetes adds to a pod's name: a ReplicaSet's hash and five characters, five characters, or Airflow's
 * eight. They usually mix digits and letters: a word at the end of a host's name is not one.
 */
const podSuffixes = [
  /-[0-9a-f]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/,
  /-(?=[a-z0-9]*[a-z])(?=[a-z0-9]*\d)(?:[a-z0-9]{8}|[bcdfghjklmnpqrstvwxz2456789]{5})$/,
];

export const failuresByHost = defineQuestion({
  name: "failures_by_host",
  sentence: "Does one worker or queue fail more?",
  limits:
    "Random suffixes of pod names are removed if they look like one. Which tasks run where is not taken into account: a queue may fail more because of what it runs.",
  tables: ["airflow_task_instances"],
  parameters: {
    min_executions: {
      type: "number",
      default: 50,
      whole: true,
      least: 1,
      unit: "executions",
      description: "Minimum number of attempts on a host, and on all others together.",
    },
    min_lift: { type: "number", default: 2, description: "Minimum ratio to the others' rate." },
    ...staleParameter,
    ...limitParameter(100),
  },
  columns: {
    pipeline: { type: "text", description: "The pipeline that synced it." },
    kind: { type: "text", description: "hostname, queue, executor or pool." },
    value: { type: "text", description: "Its name." },
    executions: { type: "integer", description: "Attempts there that ended in the window." },
    failed: { type: "integer", description: "How many of them failed." },
    rate: { type: "number", unit: "%", description: "Their share." },
    rest_executions: { type: "integer", description: "Attempts elsewhere." },
    rest_rate: { type: "number", unit: "%", description: "Share of those that failed." },
    lift: {
      type: "number",
      nullable: true,
      description: "Rate divided by the others' rate; null if nothing failed elsewhere.",
    },
  },
  chart: { kind: "bars", label: "value", value: "rate", mark: "rest_rate" },
  sql: ({ window, parameters }) => `
    SELECT pipeline, hostname, queue, executor, pool, count(*) AS executions, sum(is_failed) AS failed
    FROM executions e WHERE ${within("ended", window)} AND ${ofPresentDags("e", "dag_id", parameters)}
    GROUP BY pipeline, hostname, queue, executor, pool`,
  finish(rows, { parameters: { min_executions, min_lift, limit } }) {
    const counts = new Map<string, Count>();
    const totals = new Map<string, Count>();
    for (const row of rows) {
      for (const kind of kinds) {
        const value = kind === "hostname" ? hostOf(String(row[kind] ?? "")) : String(row[kind] ?? "");
        if (value === "") continue;
        add(counts, [String(row.pipeline), kind, value], Number(row.executions), Number(row.failed));
        add(totals, [String(row.pipeline), kind], Number(row.executions), Number(row.failed));
      }
    }
    return [...counts.values()]
      .map(({ key, executions, failed }) => {
        const [pipeline, kind, value] = key as [string, string, string];
        const total = totals.get(JSON.stringify([pipeline, kind])) as Count;
        const rest_executions = total.executions - executions;
        const rate = (failed * 100) / executions;
        const rest_rate = rest_executions > 0 ? ((total.failed - failed) * 100) / rest_executions : 0;
        const lift = rest_rate > 0 ? rate / rest_rate : null;
        return { pipeline, kind, value, executions, failed, rate, rest_executions, rest_rate, lift };
      })
      .filter(({ executions, rest_executions }) => Math.min(executions, rest_executions) >= min_executions)
      .filter(({ failed, lift }) => failed > 0 && (lift === null || lift >= min_lift))
      .sort((a, b) => b.rate - a.rate || inOrderOf(a, b, ["kind", "value", "pipeline"]))
      .slice(0, limit);
  },
});

interface Count {
  readonly key: readonly string[];
  executions: number;
  failed: number;
}

function add(counts: Map<string, Count>, key: readonly string[], executions: number, failed: number): void {
  const count = counts.get(JSON.stringify(key)) ?? { key, executions: 0, failed: 0 };
  count.executions += executions;
  count.failed += failed;
  counts.set(JSON.stringify(key), count);
}

function hostOf(name: string): string {
  const suffix = podSuffixes.find((pattern) => pattern.test(name));
  return suffix ? name.replace(suffix, "") : name;
}
