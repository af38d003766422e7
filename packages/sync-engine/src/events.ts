import type { CommitResult } from "@org/destination";

/** Something that a stream says to people. */
export type SourceMessage =
  /** Something that a person may want to know, and that loses nothing. */
  | { readonly type: "notice"; readonly stream?: string; readonly code: string; readonly message: string }
  /** A row or a part that could not be read. The sync skips it, and fails at its end. */
  | { readonly type: "problem"; readonly stream?: string; readonly code: string; readonly message: string };

/** What a stream has to say besides its rows. */
export type SourceEvent =
  | SourceMessage
  /** How much is left to be read later: the earlier attempts of `rows` task instances. */
  | ({ readonly type: "outstanding"; readonly stream?: string; readonly rows: number } & Outstanding);

/** What a stream reads later of rows that are stored already. */
export interface Outstanding {
  /** In words: `earlier attempts`. */
  readonly what: string;
  /** Of rows before this time, as UTC text; null: of all rows. */
  readonly before: string | null;
}

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
