import { createRequest, limiterOf, type ServerDescription, type Source, SyncError } from "@org/sync-engine";
import { isConfiguration, isRetryable } from "./exit-code.ts";
import type { Io } from "./io.ts";

/**
 * A sync of which nothing went well is explained by what a check finds: that the server is of a release that we cannot
 * read, or no server of this kind at all. It is asked only now, so that a sync that works pays nothing for it.
 */
export async function explained(thrown: unknown, source: Source, io: Io): Promise<unknown> {
  const streams = (thrown instanceof SyncError && thrown.result?.streams) || [];
  const hopeless = streams.length > 0 && streams.every(({ error }) => error && !isRetryable(error));
  if (!hopeless || io.signal?.aborted) return thrown;
  try {
    await checkSource(source, io);
    return thrown;
  } catch (found) {
    return found instanceof Error && isConfiguration(found) ? found : thrown;
  }
}

/** Asks a server once what it is. A person waits for the answer, so nothing is repeated. */
export async function checkSource(
  source: Source,
  io: Pick<Io, "signal">,
  onNotice: (message: string) => void = () => {},
): Promise<ServerDescription> {
  const signal = io.signal ?? new AbortController().signal;
  const request = createRequest({
    limiter: limiterOf(source.url, 2),
    signal,
    emit() {},
    // The client has limits of its own, which tell whether a token or the server was slow.
    options: { retries: 0, attemptMs: 90_000 },
  });
  return source.check({ request, signal, now: Date.now, emit: ({ message }) => onNotice(message) });
}
