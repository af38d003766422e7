/**
 * What is stored, as metrics: the states of runs, when things last happened, how current the data is. Times are seconds
 * since 1970, and 0 for never, so that an alert on "too long ago" also finds what never happened. No label identifies a
 * run.
 */
import type { StoredPipeline } from "@org/destination";
import type { Insights } from "../answer.ts";
import { InsightsError } from "../errors.ts";
import type { AnswerColumns, AnswerRow, ParameterSet, ParameterValues, Question } from "../question.ts";
import { exposition, type Family, type Sample } from "./exposition.ts";
import { furtherFamilies } from "./further-metrics.ts";
import { jobState } from "./job-state.ts";
import { assetState, automationState, taskState, unfinishedStates } from "./other-states.ts";
import { pipelineFamilies, seconds } from "./pipelines.ts";

export { exposition, type Family, type Sample } from "./exposition.ts";

export interface MetricsOptions {
  /**
   * The maximum number of DAGs and jobs with series, of assets, of schedules and sensors, and so on: the most recently
   * active ones. `dagsync_left_out` reports how many have none.
   * @default 5000
   */
  readonly limit?: number;
}

/**
 * All metrics in Prometheus' text format, version 0.0.4.
 *
 * @throws DestinationError
 */
export async function metrics(insights: Insights, { limit = 5000 }: MetricsOptions = {}): Promise<string> {
  const ask = async <P extends ParameterSet, C extends AnswerColumns>(
    question: Question<P, C>,
    parameters: Partial<ParameterValues<P>> = {},
  ): Promise<readonly AnswerRow<C>[]> => {
    try {
      return (
        await insights.answer(question, { timezone: "UTC", ...parameters } as Parameters<
          typeof insights.answer<P, C>
        >[1])
      ).rows;
    } catch (error) {
      if (error instanceof InsightsError && error.code === "NO_TABLES") return [];
      throw error;
    }
  };
  const leftOut: Sample[] = [];
  const kept = <T>(kind: string, rows: readonly T[], last: (row: T) => string) => {
    leftOut.push({ labels: { kind }, value: Math.max(0, rows.length - limit) });
    return rows.length <= limit ? rows : rows.toSorted((a, b) => (last(a) < last(b) ? 1 : -1)).slice(0, limit);
  };
  const jobs = kept("jobs", await ask(jobState), lastOf);
  const assets = kept("assets", await ask(assetState), ({ last }) => last ?? "");
  const automations = kept("schedules and sensors", await ask(automationState), ({ on }) => String(on));
  const { contents } = insights;
  return exposition([
    ...jobFamilies(jobs),
    taskFamily(jobs, await ask(taskState), contents),
    {
      name: "dagsync_asset_materialized_timestamp_seconds",
      type: "gauge",
      help: "When the asset was last materialized, by Dagster's clock; 0 for never.",
      samples: assets.map(({ pipeline, asset, group, last }) => ({
        labels: { pipeline, asset, group },
        value: seconds(last),
      })),
    },
    {
      name: "dagsync_automation_running",
      type: "gauge",
      help: "Whether Dagster's schedule or sensor is on.",
      samples: automations.map(({ on, ...labels }) => ({ labels, value: Number(on) })),
    },
    ...(await furtherFamilies(ask, kept)),
    ...pipelineFamilies(contents),
    {
      name: "dagsync_left_out",
      type: "gauge",
      help: "How many have no series because there are too many of their kind.",
      samples: leftOut,
    },
  ]);
}

type Job = AnswerRow<typeof jobState.columns>;

const lastOf = ({ queued, running, last_success, last_failed, last_canceled }: Job) =>
  queued + running > 0 ? "9" : [last_success ?? "", last_failed ?? "", last_canceled ?? ""].sort().at(-1)!;

const labelsOf = ({ orchestrator, pipeline, location, name }: Job) => ({ orchestrator, pipeline, location, name });

/** One series for each state that the job's runs can have. */
function byState(
  jobs: readonly Job[],
  states: readonly (keyof Job & string)[],
  numberOf: (job: Job, state: keyof Job) => number,
) {
  return jobs.flatMap((job) =>
    states
      // Airflow cancels no run.
      .filter((state) => state !== "canceled" || job.orchestrator === "dagster")
      .map((state) => ({ labels: { ...labelsOf(job), state }, value: numberOf(job, state) })),
  );
}

function jobFamilies(jobs: readonly Job[]): readonly Family[] {
  const dags = jobs.filter(({ orchestrator }) => orchestrator === "airflow");
  return [
    {
      name: "dagsync_runs",
      type: "gauge",
      help: "Stored runs by their current state. Not a counter: a cleared run changes its state, and a deleted one has none.",
      samples: byState(jobs, ["queued", "running", "success", "failed", "canceled"], (job, state) =>
        Number(job[state]),
      ),
    },
    {
      name: "dagsync_run_ended_timestamp_seconds",
      type: "gauge",
      help: "When the last run in this state ended; 0 for never.",
      samples: byState(jobs, ["success", "failed", "canceled"], (job, state) =>
        seconds(job[`last_${state}` as keyof Job] as string | null),
      ),
    },
    {
      name: "dagsync_run_oldest_timestamp_seconds",
      type: "gauge",
      help: "When the oldest run in this state was queued or started; 0 if there is none.",
      samples: byState(jobs, ["queued", "running"], (job, state) =>
        seconds(job[`${state}_since` as keyof Job] as string | null),
      ),
    },
    {
      name: "dagsync_run_success_duration_seconds",
      type: "gauge",
      help: "Duration of the last successful run. No series if there is none.",
      samples: jobs.flatMap((job) =>
        job.last_duration === null ? [] : [{ labels: labelsOf(job), value: job.last_duration }],
      ),
    },
    {
      name: "dagsync_consecutive_failures",
      type: "gauge",
      help: "Regular runs that failed since the last success; manual runs and backfills do not count.",
      samples: jobs.map((job) => ({ labels: labelsOf(job), value: job.streak })),
    },
    {
      name: "dagsync_dag_paused",
      type: "gauge",
      help: "Whether the DAG is paused.",
      samples: dags.map(({ pipeline, name, paused }) => ({ labels: { pipeline, name }, value: Number(paused ?? 0) })),
    },
    {
      name: "dagsync_dag_info",
      type: "gauge",
      help: "Always 1, with the DAG's owners as a label, to join with other series.",
      samples: dags.map(({ pipeline, name, owners }) => ({
        labels: { pipeline, name, owners: owners ?? "" },
        value: 1,
      })),
    },
  ];
}

function taskFamily(
  jobs: readonly Job[],
  tasks: readonly AnswerRow<typeof taskState.columns>[],
  contents: readonly StoredPipeline[],
): Family {
  const counts = new Map(
    tasks.map(({ pipeline, name, state, tasks: count }) => [JSON.stringify([pipeline, name, state]), count]),
  );
  const withTasks = new Set(
    contents
      .filter(({ tables }) => tables.some(({ name }) => name.endsWith("airflow_task_instances")))
      .map(({ pipeline }) => pipeline),
  );
  const dags = jobs.filter(({ orchestrator, pipeline }) => orchestrator === "airflow" && withTasks.has(pipeline));
  return {
    name: "dagsync_task_instances",
    type: "gauge",
    help: "Unfinished Airflow task instances by state.",
    samples: dags.flatMap(({ pipeline, name }) =>
      unfinishedStates.map((state) => ({
        labels: { pipeline, name, state },
        value: counts.get(JSON.stringify([pipeline, name, state])) ?? 0,
      })),
    ),
  };
}
