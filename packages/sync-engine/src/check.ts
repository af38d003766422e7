import type { Destination } from "@org/destination";
import { limiterOf } from "./limiter.ts";
import { createRequest } from "./request.ts";
import type { ServerDescription, Source } from "./stream.ts";
import { chooseStreams, defaultPipeline } from "./streams.ts";

/** How long the server may take, in ms. Clients have limits of their own, which tell what was slow. */
const ATTEMPT_MS = 90_000;

export interface CheckOptions {
  readonly source: Source;
  /** Where a sync would write. It is opened, which creates it where it is missing. @default only the source is checked */
  readonly destination?: Destination | undefined;
  /** Who would own the tables. @default the source's name and host */
  readonly pipeline?: string | undefined;
  /** The streams that a sync would read. @default all of the source */
  readonly streams?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what the source has to say besides, as soon as it says it. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/**
 * Asks the server once whether a sync could begin, and has the destination do what a sync would, and undo it. Nothing is
 * repeated: a person waits for the answer.
 *
 * @returns what the server is
 * @throws SyncError, a client's error or a DestinationError that says what is in the way and what to do; the signal's reason
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
  const tables = chooseStreams(source, streams).map(({ table }) => table);
  const { signal: never } = new AbortController();
  const options = { retries: 0, attemptMs: ATTEMPT_MS };
  const common = { signal: signal ?? never, emit() {} };
  const request = createRequest({ ...common, limiter: limiterOf(source.url, 2), options });
  const found = await source.check({
    ...common,
    request,
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
