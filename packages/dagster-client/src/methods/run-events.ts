import { type CallOptions, eitherSignal, type List, type ListOptions, sleep } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterError } from "../errors.ts";
import {
  type DagsterEventType,
  type LogLevel,
  RunEventsDocument,
  RunEventsLiveDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { Open } from "../open.ts";
import { createProgress } from "../progress.ts";
import type { PythonProblem } from "../python-problem.ts";
import { subscribe } from "../subscribe.ts";
import { unwrap } from "../unwrap.ts";
import type { AssetKey } from "./asset-key.ts";
import { type WalkedPage, walkedList } from "./lists.ts";
import type { MetadataEntry } from "./metadata.ts";
import { poll } from "./poll.ts";
import { type RunRef, runIdOf } from "./run.ts";

/** An event of a run, or a line of its log. */
export interface RunEvent {
  /** Its type in Dagster's schema, e.g. `LogMessageEvent` or `MaterializationEvent`. */
  readonly __typename: string;
  readonly runId: string;
  /** Milliseconds since 1970, as text. */
  readonly timestamp: string;
  readonly level: Open<LogLevel>;
  /** Null for a line of the log. */
  readonly eventType: Open<DagsterEventType> | null;
  readonly stepKey: string | null;
  readonly message: string;
  /** The error, for events about failures. */
  readonly error?: PythonProblem | null;
  /** See `metadataOf`. */
  readonly metadataEntries?: readonly MetadataEntry[];
  /** For materializations, planned or done, and for observations. */
  readonly assetKey?: AssetKey | null;
  readonly partition?: string | null;
}

/** How to follow a run. */
export interface EventsOptions extends ListOptions {
  /** Continues until the run has ended, even after retryable errors. @default true */
  readonly follow?: boolean | undefined;
  /** Lets the server push events as they happen, if it can; otherwise the client polls. @default true */
  readonly live?: boolean | undefined;
  /** How long to wait between polls, in ms. @default 1000 */
  readonly intervalMs?: number | undefined;
  /** Events per request, where they are polled. @default 1000 */
  readonly pageSize?: number | undefined;
}

/** After this time without an event, the client polls and subscribes again: a broken connection is silent too. */
const idleMs = 15_000;

const lastEvents: ReadonlySet<string> = new Set(["RunSuccessEvent", "RunFailureEvent", "RunCanceledEvent"]);
const finished: ReadonlySet<string> = new Set(["SUCCESS", "FAILURE", "CANCELED"]);

/**
 * The events of a run, each once, in order. It ends after the run, or without `follow`, after the existing events.
 *
 * They arrive over a WebSocket if the client has no headers to send and the server offers one; otherwise the client
 * polls every `intervalMs`. If a connection ends, they resume from there.
 *
 * ```ts
 * for await (const { message } of runs.events(client, run)) console.log(message);
 * ```
 *
 * A page has a token for as long as more may follow. `count` counts the existing events.
 *
 * @throws DagsterResultError `RunNotFoundError`
 */
export function events(
  client: DagsterClient,
  run: RunRef,
  options: EventsOptions = {},
  call: CallOptions = {},
): List<RunEvent> {
  const { follow = true, live = true, intervalMs = 1000, pageSize: limit = 1000, first } = options;
  const runId = runIdOf(run);
  const signal = eitherSignal(client.signal, call.signal);

  async function ask(pageToken: string | undefined, limits = call) {
    const { run, log } = await client.request(RunEventsDocument, { runId, pageToken, limit }, limits);
    const { events, cursor, hasMore } = unwrap(log, "EventConnection");
    return {
      events: objectsIn(events, "events"),
      cursor,
      hasMore,
      isFinished: finished.has(unwrap(run, "Run").status),
    };
  }

  async function* pages(follow: boolean): AsyncGenerator<WalkedPage<RunEvent>, void, void> {
    const patience = { intervalMs, maxIntervalMs: intervalMs };
    const progress = createProgress(`Dagster's events of run ${runId}`);
    let { pageToken } = options;
    let wasFinished = false;
    for (let pushing = follow && live; ; ) {
      if (pushing) {
        // If nothing arrives, not even an empty page, pushing is not tried again.
        pushing = false;
        try {
          for await (const page of pushed(client, runId, pageToken, signal)) {
            pushing = !page.isLast;
            if (page.events.length === 0) continue;
            ({ pageToken } = page);
            yield { items: page.events, nextPageToken: pageToken };
          }
        } catch (error) {
          if (!(error instanceof DagsterError)) throw error;
          pushing &&= error.retryable;
        }
      }
      const asked = pageToken;
      const page = follow
        ? await poll(client, `events of run ${runId}`, patience, call, (each) => ask(asked, each))
        : await ask(asked);
      pageToken = page.cursor;
      const isSome = page.events.length > 0;
      if (isSome) {
        progress(
          page.events.map((event) => JSON.stringify(event)),
          pageToken,
        );
        yield { items: page.events, nextPageToken: pageToken };
      }
      if (isSome && page.hasMore) continue;
      // A run's last events may arrive after its status: only a later request shows that there are no more.
      if (!follow || (wasFinished && !isSome)) return;
      wasFinished = page.isFinished;
      if (wasFinished) pushing = false;
      await sleep(intervalMs, signal);
    }
  }

  async function count(): Promise<number> {
    let found = 0;
    for await (const { items } of pages(false)) found += items.length;
    return found;
  }

  return walkedList(() => pages(follow), count, { first, pageToken: options.pageToken });
}

/** The pushed events, until the run's last one, an idle timeout, or the end of the connection. */
async function* pushed(
  client: DagsterClient,
  runId: string,
  pageToken: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ events: readonly RunEvent[]; pageToken: string; isLast: boolean }, void, void> {
  const variables = { runId, pageToken };
  for await (const { log } of subscribe(client, RunEventsLiveDocument, variables, { signal, idleMs })) {
    // Polling gives a better reason for the failure.
    if (log.__typename !== "PipelineRunLogsSubscriptionSuccess") return;
    const isLast = log.messages.some(({ __typename }) => lastEvents.has(__typename));
    yield { events: log.messages, pageToken: log.cursor, isLast };
    if (isLast) return;
  }
}
