import type { SyncResult } from "./result.ts";

/** What went wrong in a sync, or in what else the engine does with a source and a destination. */
export type SyncErrorCode =
  | "STREAMS_FAILED"
  | "UNKNOWN_STREAM"
  | "INVALID_OPTION"
  | "INVALID_STATE"
  | "NEWER_STATE"
  | "MASS_DELETE"
  /** There is nothing of the pipeline that could be verified or exported. */
  | "NOTHING_STORED"
  /** The pipeline, or something else in its tables, is there already. */
  | "ALREADY_STORED"
  /** What was to be imported is no export, or not all of one. */
  | "INVALID_EXPORT"
  /** A stored table is none of those that are known. */
  | "UNKNOWN_TABLE"
  /** The destination cannot do it. */
  | "NOT_SUPPORTED"
  | "TOO_MANY_UNSTORED"
  | "DEADLINE_EXCEEDED"
  /** An answer of another shape than the interface promises: a proxy's, or another program's. */
  | "UNEXPECTED_ANSWER"
  /** Two different rows of one answer have the same key: the server has something that this version does not know. */
  | "KEY_COLLISION"
  /** A listing that would never end, since its pages bring nothing new. */
  | "NO_PROGRESS"
  /** What was read changed faster than it could be read, or its parts contradict each other. */
  | "UNSTEADY_SERVER"
  /** Less would have come in time. Whoever can ask for less does; it ends no sync. */
  | "TOO_SLOW";

/** Codes that require a change by the user. */
const configCodes: ReadonlySet<SyncErrorCode> = new Set([
  "UNKNOWN_STREAM",
  "INVALID_OPTION",
  "INVALID_STATE",
  "NEWER_STATE",
  "NOTHING_STORED",
  "ALREADY_STORED",
  "INVALID_EXPORT",
  "UNKNOWN_TABLE",
  "NOT_SUPPORTED",
]);

/** An error of the engine. Errors of sources and destinations come as they are, or as the `cause` of this one. */
export class SyncError extends Error {
  override readonly name = "SyncError";
  readonly code: SyncErrorCode;
  /** `config`: needs a change by the user. `transient`: may succeed later. `system`: a defect, ours or the server's. */
  readonly failureType: "config" | "transient" | "system";
  /** With `STREAMS_FAILED`: what was synced and what was not. */
  readonly result?: SyncResult;
  /** Whether the same may work later without anybody changing anything. */
  readonly retryable: boolean;
  /** How long to wait before that, in ms, where it is known. */
  readonly retryAfterMs?: number;

  constructor(
    code: SyncErrorCode,
    message: string,
    options: ErrorOptions & { result?: SyncResult; retryable?: boolean; retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    if (options.result) this.result = options.result;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    this.retryable = options.retryable ?? false;
    this.failureType = this.retryable ? "transient" : configCodes.has(code) ? "config" : "system";
  }
}

/** What an error of any class says about itself: clients, destinations and the engine agree on these names. */
export function isRetryable(error: unknown): error is Error & { retryAfterMs?: number } {
  return error instanceof Error && "retryable" in error && error.retryable === true;
}
