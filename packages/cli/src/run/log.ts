/** The runner's log: JSON lines with the original's fields, or human-readable lines. */
import type { RunnerEvent } from "@org/runner";
import { duration } from "../duration.ts";
import { failureText } from "../render/failure.ts";
import { jsonLine } from "../render/json.ts";
import { escaped, type SafeOutput } from "../render/safe-output.ts";

type Level = "INFO" | "WARNING" | "ERROR";

interface Line {
  readonly level: Level;
  readonly event_type: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Writes events and messages, one per line. */
export class RunnerLog {
  readonly #output: SafeOutput;
  readonly #json: boolean;
  #lastError = "";

  constructor(output: SafeOutput, json: boolean) {
    this.#output = output;
    this.#json = json;
  }

  readonly event = (event: RunnerEvent): void => {
    const line = lineOf(event);
    // Do not repeat an error: while a database is unreachable, every round fails with the same one.
    if (event.type === "runner_error" && line.message === this.#lastError) return;
    if (event.type === "runner_error") this.#lastError = line.message;
    else if (event.type !== "job_output") this.#lastError = "";
    this.#write(line);
  };

  message(level: Level, event_type: string, message: string, fields: object = {}): void {
    this.#write({ ...fields, level, event_type, message });
  }

  #write({ level, message, ...fields }: Line): void {
    const timestamp = new Date().toISOString();
    if (this.#json) {
      this.#output.write(jsonLine({ timestamp, level, message, ...fields }));
      return;
    }
    const name = typeof fields.job_name === "string" ? `${escaped(fields.job_name)}  ` : "";
    const mark = { INFO: "", WARNING: "! ", ERROR: "✗ " }[level];
    const text = fields.event_type === "job_output" ? `│ ${escaped(message)}` : escaped(message);
    this.#output.write(`${timestamp.slice(0, 19)}Z  ${name}${mark}${text}\n`);
  }
}

function lineOf(event: RunnerEvent): Line {
  const event_type = event.type;
  switch (event.type) {
    case "schedule_skipped": {
      const message = `Skipped ${event.count} missed ${event.count === 1 ? "run" : "runs"}.`;
      return { level: "WARNING", event_type, message, job_name: event.schedule, count: event.count };
    }
    case "runs_taken_over":
      return {
        level: "WARNING",
        event_type,
        message: `Restarting ${event.count} ${event.count === 1 ? "run" : "runs"} of a runner that ended.`,
        count: event.count,
      };
    case "runner_error":
      return { level: "ERROR", event_type, message: failureText(event.error) };
    default:
      return { ...jobLine(event), ...jobFields(event) };
  }
}

type JobEvent = Extract<RunnerEvent, { readonly run: unknown }>;

function jobLine(event: JobEvent): Pick<Line, "level" | "message"> {
  const after = "durationMs" in event ? duration(event.durationMs) : "";
  switch (event.type) {
    case "job_running":
      return { level: "INFO", message: event.run.attempt === 1 ? "started" : `started, attempt ${event.run.attempt}` };
    case "job_output":
      return { level: "INFO", message: event.line };
    case "job_finished":
      return { level: "INFO", message: `succeeded in ${after}` };
    case "job_interrupted":
      return {
        level: "WARNING",
        message: `interrupted after ${after}${event.run.slot === null ? "" : ", will be restarted"}`,
      };
    case "retry_attempt":
      return {
        level: "WARNING",
        message: `failed with exit code ${event.exitCode} after ${after}: retry ${event.run.retries + 1} in ${duration(event.delayMs)}`,
      };
    case "job_error":
      return { level: "ERROR", message: `failed with exit code ${event.exitCode} after ${after}` };
  }
}

function jobFields(event: JobEvent) {
  const { run, schedule, type } = event;
  return {
    event_type: type,
    job_name: schedule.name,
    tenant_id: run.tenant,
    connector_type: schedule.job.connectorType,
    attempt: run.attempt,
    slot: run.slot === null ? null : new Date(run.slot).toISOString(),
    ...(Object.keys(schedule.tags).length > 0 && { tags: schedule.tags }),
    ...("durationMs" in event && { execution_time_seconds: Math.round(event.durationMs) / 1000 }),
    ...("exitCode" in event && { exit_code: event.exitCode }),
    ...(type === "job_output" && { stream: event.stream }),
    ...(type === "retry_attempt" && {
      retry_attempt: run.retries + 1,
      max_retries: schedule.job.retry?.max_retries,
      delay_seconds: event.delayMs / 1000,
    }),
  };
}
