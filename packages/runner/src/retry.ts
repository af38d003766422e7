/** Whether and when a run that failed is repeated, exactly as its job's file says. */
import type { RetryConfig } from "./file/job-schema.ts";
import { patternOf } from "./file/pattern.ts";

/** How much of stderr is searched, in characters, from its end: enough for a message, too little to be slow. */
const SEARCHED = 64 * 1024;

/** How an attempt ended. */
export interface AttemptEnd {
  /** Of the process; one that a signal ended has 128 and the signal's number, as in a shell. */
  readonly exitCode: number;
  /** The end of what it wrote there. */
  readonly stderr: string;
}

/**
 * The pause before a run is repeated, in ms; undefined where it is not.
 *
 * @param retries how often it was repeated already
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
  // Who says nothing cannot be known by it: the exit code decides.
  if (patterns.length > 0 && searched !== "" && !isKnown) return undefined;
  const first = retry.initial_delay_seconds ?? (retry.retry_delay_seconds || 5);
  return 1000 * Math.min(first * retry.backoff_multiplier ** retries, retry.max_delay_seconds);
}
