import type { AirflowClient } from "../client.ts";
import { eitherSignal } from "../deadline.ts";
import { AirflowError } from "../errors.ts";
import type { CallOptions } from "../operations.ts";
import { type TaskInstanceId, taskPath } from "./ids.ts";
import { sleep } from "./poll.ts";

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

export interface LogsOptions {
  /** Goes on while the task runs, asking every `intervalMs`. @default true */
  readonly follow?: boolean | undefined;
  /** How long to wait for more lines of a running task, in ms. @default 2000 */
  readonly intervalMs?: number | undefined;
  /** Ends it with its reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** So many failures in a row are no passing ones. */
const MOST_FAILURES = 5;

/**
 * The lines of one attempt's log, as they come. It ends with the attempt; without `follow`, with what there is now.
 * While it follows, a few errors that may pass do not end it.
 *
 * @param tryNumber 1 for the first attempt
 * @throws AirflowError `NOT_FOUND` where there was no such attempt
 */
export async function* logs(
  client: AirflowClient,
  task: TaskInstanceId,
  tryNumber: number,
  { follow = true, intervalMs = 2000, ...options }: LogsOptions = {},
): AsyncGenerator<LogLine, void, undefined> {
  const signal = eitherSignal(client.signal, options.signal);
  const first = await readLog(client, task, tryNumber, undefined, { signal });
  yield* first.lines;
  // What comes before the task's own lines is sent once.
  const own = withoutHeader(first.lines);
  const beginning = own.slice(0, 3);
  let count = own.length;
  let failures = 0;
  let goesOn = true;
  for (let { token } = first; token !== null && follow; ) {
    await sleep(intervalMs, signal);
    let next: LogPart;
    try {
      next = await readLog(client, task, tryNumber, goesOn ? token : undefined, { signal });
    } catch (error) {
      failures += 1;
      if (!(error instanceof AirflowError && error.retryable) || failures === MOST_FAILURES) throw error;
      // Airflow 3.2 fails with some tokens, each time: from here on, all is read again.
      goesOn = false;
      continue;
    }
    failures = 0;
    ({ token } = next);
    const lines = withoutHeader(next.lines);
    // Airflow 3.0 takes the token and gives all lines again.
    if (beginning.length === 0) beginning.push(...lines.slice(0, 3));
    else if (lines.length >= count && beginsWith(lines, beginning)) lines.splice(0, count);
    count += lines.length;
    yield* lines;
  }
}

interface LogPart {
  readonly lines: LogLine[];
  readonly token: string | null;
}

async function readLog(
  client: AirflowClient,
  task: TaskInstanceId,
  tryNumber: number,
  token: string | undefined,
  call: CallOptions,
): Promise<LogPart> {
  const { map_index, ...path } = taskPath(task);
  const { data } = await client.GET(
    "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}",
    {
      ...call,
      params: {
        path: { ...path, try_number: tryNumber },
        query: { map_index, token },
        header: { accept: "application/json" },
      },
    },
  );
  const { content, continuation_token } = data as Exclude<typeof data, string>;
  const lines = content.map((line): LogLine => (typeof line === "string" ? { event: line } : (line as LogLine)));
  return { lines, token: continuation_token };
}

/** The lines after those that say where the log was found; tasks have groups of their own, which stay. */
function withoutHeader(lines: readonly LogLine[]): LogLine[] {
  if (!lines[0]?.event.startsWith("::group::Log message source")) return [...lines];
  return lines.slice(lines.findIndex(({ event }) => event === "::endgroup::") + 1);
}

function beginsWith(lines: readonly LogLine[], beginning: readonly LogLine[]): boolean {
  return beginning.every((line, index) => JSON.stringify(line) === JSON.stringify(lines[index]));
}
