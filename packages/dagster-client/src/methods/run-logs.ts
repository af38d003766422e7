import type { CallOptions, List, ListOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { CapturedLogsDocument, RunLogFilesDocument } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { createProgress } from "../progress.ts";
import { unwrap } from "../unwrap.ts";
import { type WalkedPage, walkedList } from "./lists.ts";
import { type RunRef, runIdOf } from "./run.ts";

/** What steps of a run wrote to their output. */
export interface RunLog {
  /** The steps that wrote it: those of one process. */
  readonly stepKeys: readonly string[];
  /** The name of its file in Dagster's storage. */
  readonly fileKey: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Where to find it, if the server does not store it itself. */
  readonly externalStdoutUrl: string | null;
  readonly externalStderrUrl: string | null;
}

/** Which output. */
export interface RunLogsOptions extends Pick<ListOptions, "first"> {
  /** Only of the process that executed this step. @default all */
  readonly step?: string | undefined;
}

const eventsPerRequest = 1000;
/** Servers return output in parts of some megabytes: what is shorter than this is whole. */
const surelyWhole = 64_000;

/**
 * What a run's steps have written to stdout and stderr so far: an entry per process, which with the default executor is
 * one per step. Large output is read in parts, each within `maxResponseBytes`.
 *
 * @throws DagsterResultError `RunNotFoundError`
 */
export function logs(
  client: DagsterClient,
  run: RunRef,
  { step, first }: RunLogsOptions = {},
  call: CallOptions = {},
): List<RunLog> {
  const runId = runIdOf(run);

  async function* files(): AsyncGenerator<Omit<RunLog, "stdout" | "stderr">, void, void> {
    const progress = createProgress(`Dagster's events of run ${runId}`);
    for (let pageToken: string | undefined; ; ) {
      const { log } = await client.request(RunLogFilesDocument, { runId, pageToken, limit: eventsPerRequest }, call);
      const { events, cursor, hasMore } = unwrap(log, "EventConnection");
      for (const event of objectsIn(events, "events")) {
        if (event.__typename !== "LogsCapturedEvent") continue;
        const { fileKey, externalStdoutUrl, externalStderrUrl } = event;
        const stepKeys = event.stepKeys ?? [];
        if (step === undefined || stepKeys.includes(step))
          yield { stepKeys, fileKey, externalStdoutUrl, externalStderrUrl };
      }
      if (!hasMore || events.length === 0) return;
      pageToken = cursor;
      progress([], cursor);
    }
  }

  async function read(fileKey: string): Promise<Pick<RunLog, "stdout" | "stderr">> {
    const logKey = [runId, "compute_logs", fileKey];
    let stdout = "";
    let stderr = "";
    for (let pageToken: string | undefined; ; ) {
      const { logs } = await client.request(CapturedLogsDocument, { logKey, pageToken }, call);
      stdout += logs.stdout ?? "";
      stderr += logs.stderr ?? "";
      const length = (logs.stdout?.length ?? 0) + (logs.stderr?.length ?? 0);
      const isEnd = length === 0 || (pageToken === undefined && length < surelyWhole);
      if (isEnd || logs.cursor === null || logs.cursor === pageToken) return { stdout, stderr };
      pageToken = logs.cursor;
    }
  }

  async function* walk(): AsyncGenerator<WalkedPage<RunLog>, void, void> {
    for await (const file of files())
      yield { items: [{ ...file, ...(await read(file.fileKey)) }], nextPageToken: null };
  }

  async function count(): Promise<number> {
    let found = 0;
    for await (const _ of files()) found += 1;
    return found;
  }

  return walkedList(walk, count, { first });
}
