import type { Destination, Session } from "@org/destination";
import { withDeadline } from "./deadline.ts";

/**
 * Opens a session whose calls are not waited for for ever, and which a stop does not interrupt in the middle of a commit:
 * what is being stored is stored to its end, so that what was read is not read again by the next sync.
 *
 * @param options.signal stops the sync
 * @param options.limitMs how long one call may take, a commit after a stop too
 */
export async function openSession(
  destination: Destination,
  { pipeline, signal, limitMs }: { readonly pipeline: string; readonly signal: AbortSignal; readonly limitMs: number },
): Promise<Session> {
  signal.throwIfAborted();
  const end = new AbortController();
  let storing: Promise<unknown> | undefined;
  const stop = async () => {
    await storing?.catch(() => undefined);
    end.abort(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  const limited = <T>(label: string, work: () => Promise<T>) =>
    withDeadline(`destination: ${label}`, limitMs, end.signal, work);

  const opening = limited("opening it", () => destination.open({ pipeline, signal: end.signal }));
  const session = await opening.catch((error) => {
    signal.removeEventListener("abort", stop);
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
      await session.close();
    },
  };
}
