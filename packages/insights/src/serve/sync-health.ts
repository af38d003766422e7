/** The health of a pipeline's syncs, if the process that serves its tables also runs them. */
export interface SyncHealth {
  readonly pipeline: string;
  readonly isRunning: boolean;
  /** When the last sync ended, in ms since 1970. @default none has ended yet */
  readonly endedAt?: number | undefined;
  /** When the last complete sync ended, in ms since 1970. @default none has */
  readonly succeededAt?: number | undefined;
  /** How long the last sync took. */
  readonly durationMs?: number | undefined;
  /** The number of complete syncs since the process started. */
  readonly succeeded: number;
  /** The number of incomplete or failed ones. */
  readonly failed: number;
  /** Why the last one was incomplete or failed, in readable form. @default it was complete */
  readonly problem?: string | undefined;
}
