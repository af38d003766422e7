import type { Destination, StoredStream, StoredTable } from "@org/destination";
import { SyncError } from "./errors.ts";
import { describeValue, type StateDescription } from "./state.ts";

/** How far a stream is, and what its table holds. */
export interface StreamState extends StateDescription {
  readonly pipeline: string;
  readonly stream: string;
  /** As it is called in the destination. */
  readonly table: string;
  /** Rows that are not deleted; null when the table is gone. */
  readonly rows: number | null;
  /** Rows that the server no longer has. */
  readonly deleted: number | null;
  /** When the state was last written, as UTC text. */
  readonly committedAt: string;
}

export interface DescribeStateOptions {
  readonly destination: Destination;
  /** Whose streams. @default those of all pipelines */
  readonly pipeline?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What pipelines have in a destination, stream by stream. No sync is kept from writing, where the database allows it.
 *
 * @throws SyncError `NOT_SUPPORTED` where the destination cannot say, DestinationError `LOCKED` while a sync keeps it from
 * being read, `NOT_FOUND` when there is no such place
 * @example
 * for (const { stream, rows, position } of await describeState({ destination })) console.log(stream, rows, position);
 */
export async function describeState({
  destination,
  pipeline,
  signal,
}: DescribeStateOptions): Promise<readonly StreamState[]> {
  if (!destination.contents) {
    throw new SyncError("NOT_SUPPORTED", `${destination.name} does not support listing its contents yet.`);
  }
  const pipelines = await destination.contents(signal && { signal });
  return pipelines
    .filter((each) => pipeline === undefined || each.pipeline === pipeline)
    .flatMap(({ pipeline, tables, streams }) =>
      streams.map((stream) => ({ pipeline, ...streamState(stream, tables) })),
    );
}

function streamState(
  { stream, tables: names, state, committedAt }: StoredStream,
  tables: readonly StoredTable[],
): Omit<StreamState, "pipeline"> {
  // Streams of older releases wrote into each other's tables too; a stream's own is the one that is named after it.
  const name = names.find((each) => each.endsWith(stream)) ?? names[0] ?? stream;
  const table = tables.find((each) => each.name === name);
  const counts = { rows: table?.rows ?? null, deleted: table?.deleted ?? null };
  return { stream, table: name, ...counts, ...describeValue(state), committedAt };
}
