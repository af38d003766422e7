import type { SyncResult } from "./result.ts";

/** Identifies what went wrong. */
export type SyncErrorCode =
  | "STREAMS_FAILED"
  | "UNKNOWN_STREAM"
  | "INVALID_OPTION"
  | "INVALID_STATE"
  | "NEWER_STATE"
  | "MASS_DELETE"
  /** The destination holds nothing of the pipeline. */
  | "NOTHING_STORED"
  /** The destination already holds the pipeline, or other rows in its tables. */
  | "ALREADY_STORED"
  /** The text to import is not an export, or is truncated. */
  | "INVALID_EXPORT"
  /** A stored table is not among the known ones. */
  | "UNKNOWN_TABLE"
  /** The destination does not support the operation. */
  | "NOT_SUPPORTED"
  | "TOO_MANY_UNSTORED"
  | "DEADLINE_EXCEEDED"
  /** A response does not match the API's schema: it may come from a proxy, or from another program. */
  | "UNEXPECTED_ANSWER"
  /** Two different rows of one response have the same key: the server has something that this version does not know. */
  | "KEY_COLLISION"
  /** A listing would never end, because its pages bring nothing new. */
  | "NO_PROGRESS"
  /** The data changed faster than it could be read, or parts of it contradict each other. */
  | "UNSTEADY_SERVER"
  /** The response is too slow at this size. The source requests less instead, so this never ends a sync. */
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

/** An error of the engine. Errors of sources and destinations are passed on unchanged, or as its `cause`. */
export class SyncError extends Error {
  override readonly name = "SyncError";
  readonly code: SyncErrorCode;
  /** `config`: needs a change by the user. `transient`: may succeed later. `system`: a defect, ours or the server's. */
  readonly failureType: "config" | "transient" | "system";
  /** With `STREAMS_FAILED`: what was synced and what was not. */
  readonly result?: SyncResult;
  /** Whether a later attempt may succeed without any change. */
  readonly retryable: boolean;
  /** How long to wait before that, in ms, if known. */
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

/** Whether an error says that it is retryable. Clients, destinations and the engine use the same property names. */
export function isRetryable(error: unknown): error is Error & { retryAfterMs?: number } {
  return error instanceof Error && "retryable" in error && error.retryable === true;
}
