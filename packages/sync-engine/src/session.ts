import type { Destination, OpenOptions, Session } from "@org/destination";
import { withDeadline } from "./deadline.ts";
import type { Stored } from "./stream.ts";

/**
 * Opens a session whose calls all have a deadline. An abort lets a commit in progress finish, so that the next sync need
 * not read its rows again.
 *
 * @param options.signal stops the sync
 * @param options.onNotice receives the destination's notices
 * @param options.limitMs deadline of each call, including a commit after an abort
 */
export async function openSession(
  destination: Destination,
  {
    pipeline,
    signal,
    limitMs,
    onNotice,
  }: Pick<OpenOptions, "pipeline" | "onNotice"> & { readonly signal: AbortSignal; readonly limitMs: number },
): Promise<Session> {
  signal.throwIfAborted();
  const end = new AbortController();
  let storing: Promise<unknown> | undefined;
  const stop = async () => {
    await storing?.catch(() => undefined);
    end.abort(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  // The session must be closed even after an abort.
  const never = new AbortController().signal;
  const limited = <T>(label: string, work: () => Promise<T>) =>
    withDeadline(`destination: ${label}`, limitMs, end.signal, work);

  let opening: Promise<Session> | undefined;
  const open = () => {
    opening = destination.open({ pipeline, signal: end.signal, ...(onNotice && { onNotice }) });
    return opening;
  };
  const session = await limited("opening it", open).catch((error) => {
    signal.removeEventListener("abort", stop);
    // If it opens after the deadline, close it: it would hold the destination forever.
    opening?.then((late) => late.close()).catch(() => undefined);
    throw error;
  });
  return {
    states: () => limited("reading the states", () => session.states()),
    prepare: (tables) => limited("preparing the tables", () => session.prepare(tables)),
    count: (table, scope) => limited(`counting ${table.name}`, () => session.count(table, scope)),
    countBy: (table, scope, columns) => limited(`counting ${table.name}`, () => session.countBy(table, scope, columns)),
    keys: (table, scope, columns) => limited(`reading ${table.name}`, () => session.keys(table, scope, columns)),
    commit: (stream, batch) => {
      const stored = limited(`storing ${batch.table.name}`, () => session.commit(stream, batch));
      storing = stored;
      return stored;
    },
    async close() {
      signal.removeEventListener("abort", stop);
      await withDeadline("destination: closing it", limitMs, never, () => session.close());
    },
  };
}

/** A session's reads, typed for streams. */
export function storedIn(session: Session): Stored {
  return session as Stored;
}
