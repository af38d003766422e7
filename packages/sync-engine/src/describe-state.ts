import type { Destination, StoredStream, StoredTable } from "@org/destination";
import { SyncError } from "./errors.ts";
import { describeStreamState, type StateDescription } from "./state.ts";

/** A stream's progress, and what its table holds. */
export interface StreamState extends StateDescription {
  readonly pipeline: string;
  readonly stream: string;
  /** The table's name in the destination. */
  readonly table: string;
  /** Rows that are not deleted. Null if the table is gone. */
  readonly rows: number | null;
  /** Rows marked as deleted. Null if the table is gone. */
  readonly deleted: number | null;
  /** When the state was last written, as UTC text. */
  readonly committedAt: string;
}

export interface DescribeStateOptions {
  readonly destination: Destination;
  /** Only this pipeline's streams. @default all pipelines */
  readonly pipeline?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the streams in a destination and their progress. Does not block syncs, if the database allows that.
 *
 * @throws SyncError `NOT_SUPPORTED` if the destination cannot list its contents; DestinationError `LOCKED` if a running
 * sync prevents reading, `NOT_FOUND` if the destination does not exist
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
  // In older releases, streams also wrote each other's tables. A stream's own table is named after it.
  const name = names.find((each) => each.endsWith(stream)) ?? names[0] ?? stream;
  const table = tables.find((each) => each.name === name);
  const counts = { rows: table?.rows ?? null, deleted: table?.deleted ?? null };
  return { stream, table: name, ...counts, ...describeStreamState(state), committedAt };
}
