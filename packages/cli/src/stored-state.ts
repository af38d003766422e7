import type { Destination, State, StoredStream, StoredTable } from "@org/destination";
import { isMoment, parsePosition } from "@org/sync-engine";
import { UsageError } from "./errors.ts";

/** How far a stream is, and what its table holds. */
export interface StreamState {
  readonly pipeline: string;
  readonly stream: string;
  readonly table: string;
  /** Rows that are not deleted; null when the table is gone. */
  readonly rows: number | null;
  /** Rows that the server no longer has. */
  readonly deleted: number | null;
  /** The server's time from which the next sync goes on (less its overlap), or null before the first one is complete. */
  readonly position: string | null;
  /** Where there is no position: why. */
  readonly progress: string;
  /** When deletions were last looked for, by the clock of the machine that did; null where the state does not say. */
  readonly reconciledAt: string | null;
  /** When the state was last written. */
  readonly committedAt: string;
}

/**
 * What a destination's pipelines have, stream by stream.
 *
 * @throws UsageError where the destination cannot tell, DestinationError `LOCKED` while a sync keeps it from being read,
 * `NOT_FOUND` when there is no such place.
 */
export async function readStreamStates(
  destination: Destination,
  signal?: AbortSignal,
): Promise<readonly StreamState[]> {
  if (!destination.contents) throw new UsageError(`${destination.name} cannot say yet what it holds.`);
  const pipelines = await destination.contents(signal && { signal });
  return pipelines.flatMap(({ pipeline, tables, streams }) =>
    streams.map((stream) => ({ pipeline, ...streamState(stream, tables) })),
  );
}

function streamState(
  { stream, tables: names, state, committedAt }: StoredStream,
  tables: readonly StoredTable[],
): Omit<StreamState, "pipeline"> {
  // A stream may have written to another stream's table too; its own is the one that is named after it.
  const name = names.find((each) => each.endsWith(stream)) ?? names[0] ?? stream;
  const table = tables.find((each) => each.name === name);
  const counts = { rows: table?.rows ?? null, deleted: table?.deleted ?? null };
  return { stream, table: name, ...counts, ...howFar(state), committedAt };
}

function howFar(state: State | undefined): Pick<StreamState, "position" | "progress" | "reconciledAt"> {
  if (!state) return { position: null, progress: "broken: sync it with --full-refresh", reconciledAt: null };
  const value = state.value as { readonly data?: { readonly position?: unknown }; reconciled_at?: unknown } | null;
  const position = parsePosition(value?.data?.position);
  if (!position) return { position: null, progress: "first sync not complete", reconciledAt: null };
  const at = value?.reconciled_at;
  const reconciledAt = isMoment(at) && at > 0 ? new Date(at).toISOString() : null;
  return { position: new Date(position.server).toISOString(), progress: "", reconciledAt };
}
