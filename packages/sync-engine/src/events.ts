import type { CommitResult } from "@org/destination";

/** What a stream has to say besides its rows. */
export type SourceEvent =
  /** Something that a person may want to know, and that loses nothing. */
  | { readonly type: "notice"; readonly stream?: string; readonly code: string; readonly message: string }
  /** A row or a part that could not be read. The sync skips it, and fails at its end. */
  | { readonly type: "problem"; readonly stream?: string; readonly code: string; readonly message: string };

/** All that happens during a sync, as data: render it, log it, count it. */
export type SyncEvent =
  | SourceEvent
  | {
      readonly type: "sync-started";
      readonly source: string;
      readonly destination: string;
      readonly pipeline: string;
      readonly streams: readonly string[];
    }
  | { readonly type: "stream-started"; readonly stream: string; readonly mode: "full_refresh" | "incremental" }
  | ({ readonly type: "batch-committed"; readonly stream: string; readonly table: string } & CommitResult)
  | ({ readonly type: "stream-finished"; readonly stream: string; readonly durationMs: number } & StreamCounts)
  | { readonly type: "stream-failed"; readonly stream: string; readonly error: Error }
  | { readonly type: "request-finished"; readonly label: string; readonly durationMs: number }
  | {
      readonly type: "request-retried";
      readonly label: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly error: Error;
    }
  | { readonly type: "sync-finished"; readonly durationMs: number; readonly requests: number };

/** What a stream did to its table. */
export interface StreamCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly removed: number;
}
