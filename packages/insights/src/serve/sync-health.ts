/** How the syncs of a pipeline go, where the process that serves its tables also does them. */
export interface SyncHealth {
  readonly pipeline: string;
  readonly isRunning: boolean;
  /** When the last one ended, in ms since 1970. @default none has ended yet */
  readonly endedAt?: number | undefined;
  /** When the last one ended that synced everything, in ms since 1970. @default none has */
  readonly succeededAt?: number | undefined;
  /** How long the last one took. */
  readonly durationMs?: number | undefined;
  /** How many have synced everything, since the process began. */
  readonly succeeded: number;
  /** How many have not. */
  readonly failed: number;
  /** Why the last one did not, for a person. @default it did */
  readonly problem?: string | undefined;
}
