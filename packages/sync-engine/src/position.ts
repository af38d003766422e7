/**
 * Where the next window starts. A position is the server's clock before anything was read, never a row's timestamp: a
 * transaction may commit long after the timestamps that it wrote, and different machines' clocks stamp rows.
 */
export type Position = {
  /** The server's clock when the last complete sync started, in ms since 1970. */
  readonly server: number;
  /** Our own clock at that moment, in ms since 1970. */
  readonly local: number;
};

/**
 * The start of the next window, in ms since 1970: the stored position minus the overlap. If the server's clock was set
 * back since then, the time that passed on our own clock is subtracted from the server's current time instead. Never
 * before 1970.
 */
export function windowStart(stored: Position, now: Position, overlapMs: number): number {
  const passedMs = Math.max(0, now.local - stored.local);
  return Math.max(0, Math.min(stored.server, now.server - passedMs) - overlapMs);
}

/** The latest representable timestamp: the end of the year 9999. */
const LAST_MOMENT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Clocks are routinely corrected by less than this, in ms. */
const USUAL_STEP_MS = 60_000;

/**
 * Parses a position from a state. Returns undefined if it is missing or unusable, so that everything is read again. A
 * position that is ahead of both clocks is unusable: both were wrong when it was written, so its real age is unknown.
 *
 * @param now both clocks now. Without it, only checks that the times are valid.
 */
export function parsePosition(value: unknown, now?: Position): Position | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { server, local } = value as Record<string, unknown>;
  if (!isMoment(server) || !isMoment(local)) return undefined;
  const isAhead = now && server > now.server + USUAL_STEP_MS && local > now.local + USUAL_STEP_MS;
  return isAhead ? undefined : { server, local };
}

/** Whether a value is a time in ms since 1970 that can be written as a timestamp. */
export function isMoment(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LAST_MOMENT;
}
