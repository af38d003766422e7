/** Decides whether and when to retry a failed run, from its job's `retry_config`. */
import type { RetryConfig } from "./file/job-schema.ts";
import { patternOf } from "./file/pattern.ts";

/** How much of stderr to search, in characters from its end: enough for a message, and never slow. */
const SEARCHED = 64 * 1024;

/** How an attempt ended. */
export interface AttemptEnd {
  /** The process's exit code; 128 plus the signal's number if a signal ended it, as in a shell. */
  readonly exitCode: number;
  /** The end of its stderr. */
  readonly stderr: string;
}

/**
 * The delay before the next retry, in ms. Undefined if the run is not retried.
 *
 * @param retries how often it was retried already
 */
export function retryAfterMs(
  retry: RetryConfig | undefined,
  { exitCode, stderr }: AttemptEnd,
  retries: number,
): number | undefined {
  if (!retry || retries >= retry.max_retries || !retry.retryable_exit_codes.includes(exitCode)) return undefined;
  const patterns = retry.retryable_error_patterns ?? [];
  const searched = stderr.slice(-SEARCHED);
  const isKnown = patterns.some((pattern) => patternOf(pattern)?.test(searched));
  // With nothing on stderr there is nothing to match: the exit code decides.
  if (patterns.length > 0 && searched !== "" && !isKnown) return undefined;
  const first = retry.initial_delay_seconds ?? (retry.retry_delay_seconds || 5);
  return 1000 * Math.min(first * retry.backoff_multiplier ** retries, retry.max_delay_seconds);
}
