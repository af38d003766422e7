import type { SourceMessage, StreamCounts } from "./events.ts";

export interface StreamResult extends StreamCounts {
  readonly stream: string;
  readonly table: string;
  readonly mode: "full_refresh" | "incremental";
  /** Why the stream was not synced to its end; undefined when it was. */
  readonly error?: Error;
}

export interface SyncResult {
  readonly pipeline: string;
  readonly streams: readonly StreamResult[];
  /** What could not be read and was skipped. Any of them makes the sync fail at its end. */
  readonly problems: readonly SourceMessage[];
  readonly requests: number;
  readonly durationMs: number;
}
