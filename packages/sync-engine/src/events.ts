import type { CommitResult } from "@org/destination";
import type { LimitChange } from "./adaptive-limit.ts";

/** A message for people. */
export type SourceMessage =
  /** Good to know; no data is lost. */
  | { readonly type: "notice"; readonly stream?: string; readonly code: string; readonly message: string }
  /** A row, or several, could not be read or stored. The sync skips them, and fails at its end. */
  | { readonly type: "problem"; readonly stream?: string; readonly code: string; readonly message: string };

/** What a stream emits besides rows. */
export type SourceEvent =
  | SourceMessage
  /** How far a stream has read its history. */
  | ({ readonly type: "progress"; readonly stream?: string } & HistoryProgress)
  /** What is left to read later, such as the earlier attempts of `rows` task instances. */
  | ({ readonly type: "outstanding"; readonly stream?: string; readonly rows: number } & Outstanding);

/** How much of a stream's history was read during this sync. */
export interface HistoryProgress {
  /** In runs. */
  readonly done: number;
  /** Null: unknown. */
  readonly total: number | null;
  /** Everything since this time has been read, as UTC text. Null: nothing yet, or in another order. */
  readonly backTo: string | null;
}

/** Data of stored rows that a stream will read later. */
export interface Outstanding {
  /** In words, such as `earlier attempts`. */
  readonly what: string;
  /** Concerns rows before this time, as UTC text. Null: all rows. */
  readonly before: string | null;
}

/** Everything that happens during a sync, as data to render, log or count. */
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
  /** How many requests to the host may run at once, which all syncs of a process share. */
  | ({ readonly type: "concurrency-changed" } & LimitChange)
  | { readonly type: "sync-finished"; readonly durationMs: number; readonly requests: number };

/** What a stream did to its table. */
export interface StreamCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly removed: number;
}
