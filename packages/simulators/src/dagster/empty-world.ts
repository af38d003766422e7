import { createRandom } from "../random.ts";
import { type Clock, createClock } from "../time.ts";
import { DagsterWorld } from "./world.ts";

/** Options of {@link createEmptyDagsterWorld}. */
export interface EmptyDagsterOptions {
  /** Determines ids and the like. @default 1 */
  readonly seed?: number | undefined;
  /** @default one that stands still */
  readonly clock?: Clock | undefined;
  /** How far the time zone of the server's database is ahead of UTC, in milliseconds. @default 0 */
  readonly databaseOffsetMs?: number | undefined;
}

/** An empty world, without locations. */
export function createEmptyDagsterWorld(options: EmptyDagsterOptions = {}): DagsterWorld {
  return new DagsterWorld({
    clock: options.clock ?? createClock(),
    random: createRandom(options.seed ?? 1),
    databaseOffsetMs: options.databaseOffsetMs ?? 0,
  });
}
