import { check, type Source, SyncError } from "@org/sync-engine";
import { isConfiguration, isRetryable } from "./exit-code.ts";
import type { Io } from "./io.ts";

/**
 * Explains a sync that failed completely by running a check: the server may be too old, or not of this kind at all. It
 * runs only now, so that a working sync pays nothing for it.
 */
export async function explained(thrown: unknown, source: Source, { signal }: Pick<Io, "signal">): Promise<unknown> {
  const streams = (thrown instanceof SyncError && thrown.result?.streams) || [];
  const hopeless = streams.length > 0 && streams.every(({ error }) => error && !isRetryable(error));
  if (!hopeless || signal?.aborted) return thrown;
  try {
    await check({ source, signal });
    return thrown;
  } catch (found) {
    return found instanceof Error && isConfiguration(found) ? found : thrown;
  }
}
