import { SyncError, type SyncResult } from "@org/sync-engine";
import { Interrupted } from "./errors.ts";

/** The meanings of the command's exit codes. */
export const exitCodes = {
  done: 0,
  /** Something was not synced. */
  incomplete: 1,
  /** Wrong usage or configuration: something has to be changed. */
  configuration: 2,
  /** A question that `report --fail-on` names has an answer. */
  found: 3,
  /** The same command may work later (EX_TEMPFAIL of sysexits.h). */
  comeBackLater: 75,
  interrupted: { SIGINT: 130, SIGTERM: 143 },
} as const;

/** Codes of errors that only get worse until something is changed. */
const urgent: ReadonlySet<unknown> = new Set(["NO_SPACE", "ROWS_LOST"]);

/** What errors of all packages may say about themselves. */
export interface ErrorFacts {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly failureType?: unknown;
  readonly retryable?: unknown;
}

/** The exit code for a thrown value. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof Interrupted) return exitCodes.interrupted[thrown.by];
  if (thrown instanceof SyncError && thrown.result) return exitCodeOfResult(thrown.result);
  if (!(thrown instanceof Error)) return exitCodes.incomplete;
  if (isRetryable(thrown)) return exitCodes.comeBackLater;
  return isConfiguration(thrown) ? exitCodes.configuration : exitCodes.incomplete;
}

/** The exit code for several pieces of work: the worst one's. */
export function worstOf(codes: readonly number[]): number {
  const { done, comeBackLater, incomplete, configuration } = exitCodes;
  const order: readonly number[] = [done, comeBackLater, incomplete, configuration];
  // What stopped one stopped all.
  const rank = (code: number) => (order.includes(code) ? order.indexOf(code) : order.length);
  return codes.reduce((worst, code) => (rank(code) > rank(worst) ? code : worst), exitCodes.done as number);
}

/**
 * For an incomplete sync: 75 if waiting may fix all of it; 2 if nothing was synced and something has to be changed, or,
 * whatever was synced, if space has to be freed or a table drops rows; else 1.
 */
function exitCodeOfResult({ streams, problems }: SyncResult): number {
  const errors = streams.flatMap(({ error }) => error ?? []);
  if (errors.some((error) => urgent.has((error as ErrorFacts).code))) return exitCodes.configuration;
  if (problems.length > 0 || errors.length === 0) return exitCodes.incomplete;
  if (errors.every(isRetryable)) return exitCodes.comeBackLater;
  return errors.length === streams.length && errors.every(isConfiguration)
    ? exitCodes.configuration
    : exitCodes.incomplete;
}

export function isRetryable(error: Error): boolean {
  return (error as ErrorFacts).retryable === true;
}

export function isConfiguration(error: Error): boolean {
  return (error as ErrorFacts).failureType === "config";
}
