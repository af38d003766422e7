/** Generates the DAG file of a schedule. It imports Airflow and the standard library only. */
import { type RetryConfig, retryAfterMs, type Schedule } from "@org/runner";
import { commandLineOf } from "../command-line.ts";
import { python } from "../python.ts";
import { fileNameOf, poolOf, tagsOf } from "./names.ts";
import { podTask } from "./pod-task.ts";
import { processTask } from "./process-task.ts";
import type { Operator, TaskFacts } from "./task-source.ts";

export interface DagFileOptions {
  /** The file's first line. */
  readonly header: string;
  /** How the workers start `dagsync`. */
  readonly dagsync: readonly string[];
  readonly operator: Operator;
}

/** Airflow's default for concurrent tasks of a DAG. */
const MAX_ACTIVE_TASKS = 16;

/** The name and text of a schedule's file. @throws UsageError for what Airflow does not take */
export function dagFileOf(schedule: Schedule, options: DagFileOptions): readonly [name: string, text: string] {
  const { name, job, maxConcurrentRuns } = schedule;
  const retry = job.retry && job.retry.max_retries > 0 ? job.retry : undefined;
  const facts: TaskFacts = {
    ...{ schedule, retry },
    command: commandLineOf(name, job.command, options.dagsync),
    environment: { DAGSYNC_JOB: name, ...(job.tenant !== undefined && { DAGSYNC_TENANT: job.tenant }) },
    common: [
      ...(job.tenant === undefined ? [] : [`pool=${python(poolOf(job.tenant))}`]),
      // Without retry_config, one retry for a worker that dies, which no exit code uses.
      `retries=${retry?.max_retries ?? 1}`,
      ...(retry ? ["**PAUSES"] : ["retry_delay=timedelta(seconds=10)"]),
    ],
  };
  const { operator } = options;
  const task = operator.kind === "process" ? processTask(facts, operator) : podTask(facts, operator);
  const text = [
    options.header,
    ...task.imports,
    "",
    ...versioned(schedule, retry !== undefined),
    "",
    ...task.constants,
    ...(retry ? pauses(retry) : []),
    "",
    ...task.definitions,
    "with DAG(",
    `    dag_id=${python(name)},`,
    `    schedule=${timetableOf(schedule)},`,
    `    catchup=${python(schedule.catchup === "all")},`,
    `    max_active_runs=${maxConcurrentRuns},`,
    ...(maxConcurrentRuns > MAX_ACTIVE_TASKS ? [`    max_active_tasks=${maxConcurrentRuns},`] : []),
    pausedLine(false),
    `    tags=${python(tagsOf(schedule))},`,
    "):",
    ...task.body,
  ];
  return [fileNameOf(name), `${text.join("\n")}\n`];
}

/** Whether a new DAG starts paused. Airflow ignores it for DAGs that exist. */
export function pausedLine(isPaused: boolean): string {
  return `    is_paused_upon_creation=${python(isPaused)},`;
}

/** Imports whose location depends on the version. */
function versioned({ cron }: Schedule, hasRetry: boolean): readonly string[] {
  const timetable = `${cron === undefined ? "Delta" : "Cron"}TriggerTimetable`;
  const exceptions = "AirflowException, AirflowFailException, AirflowSkipException";
  return [
    ...(hasRetry ? ["from airflow import __version__ as VERSION", ""] : []),
    "try:",
    `    from airflow.sdk import ${timetable}`,
    `    from airflow.sdk.exceptions import ${exceptions}`,
    "except ImportError:  # before Airflow 3.2",
    `    from airflow.exceptions import ${exceptions}`,
    `    from airflow.timetables.trigger import ${timetable}`,
  ];
}

function timetableOf({ cron, intervalSeconds, timezone }: Schedule): string {
  if (cron === undefined) return `DeltaTriggerTimetable(timedelta(seconds=${python(intervalSeconds!)}))`;
  // By default, a new DAG would start with a run that was due just before.
  return `CronTriggerTimetable(${python(cron)}, timezone=${python(timezone)}, run_immediately=timedelta())`;
}

/** The maximum number of different pauses to list; the last one repeats. */
const MAX_PAUSES = 1000;

/** The runner's own pauses, in seconds, without the repetitions of the last one. */
function pausesOf(retry: RetryConfig): readonly number[] {
  const failed = { exitCode: retry.retryable_exit_codes[0] ?? 0, stderr: "" };
  const count = retry.retryable_exit_codes.length === 0 ? 1 : Math.min(retry.max_retries, MAX_PAUSES);
  const all = Array.from({ length: count }, (_, retries) => (retryAfterMs(retry, failed, retries) ?? 0) / 1000);
  const last = all.at(-1)!;
  return all.slice(0, all.findLastIndex((each) => each !== last) + 2);
}

function pauses(retry: RetryConfig): readonly string[] {
  const all = pausesOf(retry);
  // 3.0 and 3.1 double, or do not; 3.2 takes a factor.
  const factor = all.length > 1 ? retry.backoff_multiplier : 1;
  return [
    "",
    "try:",
    "    from airflow.sdk import RetryDecision, RetryPolicy",
    "",
    "    class Pauses(RetryPolicy):",
    `        SECONDS = ${python(all)}  # before each retry; the last one repeats`,
    "",
    "        def evaluate(self, exception, try_number, max_tries, context=None):",
    `            before = max(0, try_number - 1 - (max_tries - ${retry.max_retries}))`,
    "            pause = self.SECONDS[min(before, len(self.SECONDS) - 1)]",
    "            return RetryDecision.retry(timedelta(seconds=pause), str(exception))",
    "",
    '    PAUSES = {"retry_delay": timedelta(seconds=Pauses.SECONDS[0]), "retry_policy": Pauses()}',
    "except ImportError:  # before Airflow 3.3, pauses are random: up to twice as long",
    "    PAUSES = {",
    `        "retry_delay": timedelta(seconds=${python(all[0]!)}),`,
    `        "retry_exponential_backoff": ${python(factor > 1)} if VERSION < "3.2" else ${python(factor === 1 ? 0 : factor)},`,
    `        "max_retry_delay": timedelta(seconds=${python(retry.max_delay_seconds)}),`,
    "    }",
  ];
}
