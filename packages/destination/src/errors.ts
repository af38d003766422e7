/** What went wrong in a destination. */
export type DestinationErrorCode =
  | "LOCKED"
  | "FENCED"
  | "NOT_FOUND"
  | "NO_PERMISSION"
  | "NOT_A_DESTINATION"
  | "DRIVER_MISSING"
  | "NEWER_VERSION"
  | "OWNED"
  | "SCHEMA_CONFLICT"
  | "INVALID_ROW"
  | "ROWS_LOST"
  | "INVALID_STATE"
  | "NO_SPACE"
  | "UNAVAILABLE"
  | "TLS"
  | "FAILED";

/** `config`: needs a change by the user. `transient`: may succeed later. `system`: a defect, ours or the driver's. */
export type FailureType = "config" | "transient" | "system";

const failureTypes: Record<DestinationErrorCode, FailureType> = {
  LOCKED: "transient",
  FENCED: "transient",
  NOT_FOUND: "config",
  NO_PERMISSION: "config",
  NOT_A_DESTINATION: "config",
  DRIVER_MISSING: "config",
  NEWER_VERSION: "config",
  OWNED: "config",
  SCHEMA_CONFLICT: "config",
  INVALID_ROW: "system",
  ROWS_LOST: "config",
  INVALID_STATE: "config",
  NO_SPACE: "config",
  UNAVAILABLE: "transient",
  TLS: "config",
  FAILED: "system",
};

/** A row that its destination cannot hold. */
export interface UnfitRow {
  /** Its primary key, exactly as in the row: the key itself may be what does not fit. */
  readonly key: Readonly<Record<string, unknown>>;
  /** The column that cannot hold its value, if known. */
  readonly column?: string;
  /** A clause: `expected a finite number, got number NaN`. */
  readonly reason: string;
}

/** An error of a destination. The message says what failed, where, and what to do. */
export class DestinationError extends Error {
  override readonly name = "DestinationError";
  readonly code: DestinationErrorCode;
  readonly failureType: FailureType;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** With `INVALID_ROW` from a commit: all rows known to be impossible to hold. */
  readonly rows?: readonly UnfitRow[];

  constructor(
    code: DestinationErrorCode,
    message: string,
    options: ErrorOptions & { readonly rows?: readonly UnfitRow[] } = {},
  ) {
    super(message, options);
    if (options.rows) this.rows = options.rows;
    this.code = code;
    this.failureType = failureTypes[code];
    this.retryable = this.failureType === "transient";
  }
}
