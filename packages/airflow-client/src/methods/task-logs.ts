import { eitherSignal, isRecord, sleep } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import { kindOf, unexpected } from "../expect.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { TaskInstance } from "../types.ts";
import { regionOf, type TaskInstanceRef, taskPath } from "./ids.ts";

/** A line of a task's log. Structured loggers add fields of their own. */
export interface LogLine {
  readonly event: string;
  /** When it was written, ISO 8601; absent on lines that the server adds. */
  readonly timestamp?: string;
  /** Such as `info` or `error`. */
  readonly level?: string;
  /** The exception that a line is about, and its causes. */
  readonly error_detail?: readonly { readonly exc_type: string; readonly exc_value: string }[];
  readonly [field: string]: unknown;
}

/** Which log, and until when. */
export interface LogsOptions {
  /** 1 for the first attempt. @default the latest, or the first if there is none yet */
  readonly tryNumber?: number | undefined;
  /** Waits for the attempt to start, and continues until it ends, polling every `intervalMs`. @default true */
  readonly follow?: boolean | undefined;
  /** How long to wait for more lines, in ms. @default 2000 */
  readonly intervalMs?: number | undefined;
}

/** This many consecutive failures are not transient. */
const MOST_FAILURES = 5;

/**
 * The lines of one attempt's log, as they arrive: from before it starts, through deferrals and reschedules, until it
 * ends. Without `follow`, only what exists now. While following, a few transient errors are tolerated.
 *
 * @throws AirflowError `NOT_FOUND` if there is no such task instance, or never was such an attempt
 */
export async function* logs(
  client: AirflowClient,
  task: TaskInstanceRef,
  { follow = true, intervalMs = 2000, ...options }: LogsOptions = {},
  limits: AirflowCallOptions = {},
): AsyncGenerator<LogLine, void, undefined> {
  const signal = eitherSignal(client.signal, limits.signal);
  const call = { ...limits, signal };
  const tryNumber = options.tryNumber ?? Math.max(1, (await readTask(client, task, call)).try_number);
  const newLines = createLineFilter();
  let failures = 0;
  let token: string | undefined;
  let tokensWork = true;
  let isOver = !follow;
  for (;;) {
    try {
      const part = await readLog(client, task, tryNumber, token, call);
      const isFresh = token === undefined;
      // The server ends a log whenever the task is not running, including before it runs and while it is rescheduled.
      if (part.token !== null || isOver || !isFresh) yield* newLines(part.lines, isFresh);
      if (isOver) return;
      token = part.token !== null && tokensWork ? part.token : undefined;
      if (part.token === null) {
        isOver = await hasEnded(client, task, tryNumber, call);
        if (isOver && !isFresh) return;
      }
      failures = 0;
      // Lines written between the log and the state are read at once.
      if (isOver) continue;
    } catch (error) {
      if (!(follow && error instanceof AirflowError)) throw error;
      // The server has no log of an attempt that has not started.
      const isYetToBegin = error.code === "NOT_FOUND" && !(await hasEnded(client, task, tryNumber, call));
      if (!isYetToBegin) failures += 1;
      if (!(isYetToBegin || error.retryable) || failures === MOST_FAILURES) throw error;
      // Airflow 3.2 fails with some tokens, every time: from here on, everything is read again.
      if (token !== undefined) tokensWork = false;
      token = undefined;
    }
    await sleep(intervalMs, signal);
  }
}

/** Whether an attempt is over: a later one started, or the task is in a final state. */
async function hasEnded(
  client: AirflowClient,
  task: TaskInstanceRef,
  tryNumber: number,
  call: AirflowCallOptions,
): Promise<boolean> {
  const { try_number, state } = await readTask(client, task, call);
  if (try_number > tryNumber || finalStates.includes(state ?? "none")) return true;
  // Cleared, or waiting for its next attempt: it keeps the last one's number until that starts.
  return try_number === tryNumber && (state === null || state === "up_for_retry");
}

async function readTask(client: AirflowClient, task: TaskInstanceRef, call: AirflowCallOptions): Promise<TaskInstance> {
  const { data } = await client.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}", {
    ...call,
    params: { path: taskPath(task), query: regionOf(task) },
  });
  if (Number.isInteger(data.try_number)) return data;
  throw unexpected("GET …/taskInstances/{task_id}/{map_index}", `a try_number that ${kindOf(data.try_number)}`);
}

const finalStates: readonly string[] = ["success", "failed", "skipped", "upstream_failed", "removed"];

/** Filters out lines that were already received: tokens do not always continue where the last response ended. */
function createLineFilter(): (lines: readonly LogLine[], isFresh: boolean) => readonly LogLine[] {
  let beginning: readonly LogLine[] | undefined;
  let count = 0;
  return (all, isFresh) => {
    // Lines before the task's own are shown once.
    const lines = withoutHeader(all);
    // Airflow 3.0 accepts the token and returns all lines again.
    const isAgain = beginning !== undefined && lines.length >= count && beginsWith(lines, beginning);
    const isFirst = beginning === undefined;
    const before = isAgain ? count : 0;
    const isContinued = !isFirst && !isAgain && !isFresh && count > 0;
    if (!isContinued) beginning = lines.slice(0, 3);
    count = isContinued ? count + lines.length : lines.length;
    return isFirst ? all : lines.slice(before);
  };
}

interface LogPart {
  readonly lines: LogLine[];
  readonly token: string | null;
}

async function readLog(
  client: AirflowClient,
  task: TaskInstanceRef,
  tryNumber: number,
  token: string | undefined,
  call: AirflowCallOptions,
): Promise<LogPart> {
  const { map_index, ...path } = taskPath(task);
  const { data } = await client.GET(
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}",
    {
      ...call,
      params: {
        path: { ...path, try_number: tryNumber },
        query: { map_index, token, ...regionOf(task) },
        header: { accept: "application/json" },
      },
    },
  );
  const { content, continuation_token } = data as Exclude<typeof data, string>;
  const answered = "GET …/taskInstances/{task_id}/logs/{try_number}";
  if (!Array.isArray(content)) throw unexpected(answered, `a content that ${kindOf(content)}, expected a list`);
  const lines = content.map((line): LogLine => {
    if (typeof line === "string") return { event: line };
    if (isRecord(line) && typeof line.event === "string") return line as LogLine;
    throw unexpected(answered, "a line without an event");
  });
  return { lines, token: typeof continuation_token === "string" ? continuation_token : null };
}

/** The lines after those that say where the log was found. The task's own groups stay. */
function withoutHeader(lines: readonly LogLine[]): LogLine[] {
  if (!lines[0]?.event.startsWith("::group::Log message source")) return [...lines];
  return lines.slice(lines.findIndex(({ event }) => event === "::endgroup::") + 1);
}

function beginsWith(lines: readonly LogLine[], beginning: readonly LogLine[]): boolean {
  return beginning.every((line, index) => JSON.stringify(line) === JSON.stringify(lines[index]));
}
