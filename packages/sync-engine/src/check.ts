import type { Destination } from "@org/destination";
import { limiterOf } from "./limiter.ts";
import { createRequest } from "./request.ts";
import type { ServerDescription, Source } from "./stream.ts";
import { chooseStreams, defaultPipeline } from "./streams.ts";

/** Deadline of one request, in ms. The clients have their own timeouts, whose errors name what was slow. */
const ATTEMPT_MS = 90_000;

export interface CheckOptions {
  readonly source: Source;
  /** The destination to check. Opening it creates it if it does not exist. @default only check the source */
  readonly destination?: Destination | undefined;
  /** The pipeline that would own the tables. @default the source's name and host */
  readonly pipeline?: string | undefined;
  /** The streams to check, as for a sync. @default default */
  readonly streams?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives the source's notices as they come. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/**
 * Checks that a sync could start: asks the server, and rehearses a sync in the destination, then rolls it back. Does not
 * retry, since a person is waiting for the answer.
 *
 * @returns a description of the server
 * @throws SyncError, a client's error or a DestinationError that says what is wrong and what to do; the signal's reason
 * @example
 * const { version, notes } = await check({ source: airflow({ client }), destination: duckdb("orchestration.duckdb") });
 */
export async function check({
  source,
  destination,
  pipeline = defaultPipeline(source),
  streams,
  signal,
  onNotice,
}: CheckOptions): Promise<ServerDescription> {
  const chosen = chooseStreams(source, streams);
  const tables = chosen.map(({ table }) => table);
  const { signal: never } = new AbortController();
  const options = { retries: 0, attemptMs: ATTEMPT_MS };
  const common = { signal: signal ?? never, emit() {} };
  const request = createRequest({ ...common, limiter: limiterOf(source.url), options });
  const found = await source.check({
    ...common,
    request,
    streams: new Set(chosen.map(({ name }) => name)),
    now: Date.now,
    emit: (event) => "message" in event && onNotice?.(event.message),
  });
  if (!destination) return found;
  const session = await destination.open({ pipeline, ...(signal && { signal }) });
  try {
    await session.rehearse?.(tables);
  } finally {
    await session.close();
  }
  return found;
}
