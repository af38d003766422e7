import type { SourceMessage, StreamCounts } from "./events.ts";

export interface StreamResult extends StreamCounts {
  readonly stream: string;
  readonly table: string;
  readonly mode: "full_refresh" | "incremental";
  /** Why the stream failed. Undefined if it did not. */
  readonly error?: Error;
}

export interface SyncResult {
  readonly pipeline: string;
  readonly streams: readonly StreamResult[];
  /** Rows that were skipped. If there are any, the sync fails at its end. */
  readonly problems: readonly SourceMessage[];
  readonly requests: number;
  readonly durationMs: number;
}
