/**
 * Where the next window begins. A position is the server's clock before anything was read, never a row's timestamp: a
 * transaction may commit long after the time that it wrote into its rows, and many clocks stamp rows.
 */
export type Position = {
  /** The server's clock when the last complete sync began, ms since 1970. */
  readonly server: number;
  /** Our own clock at that moment, ms since 1970. */
  readonly local: number;
};

/**
 * The beginning of the next window, ms since 1970: the stored position less the overlap. Where the server's clock was
 * set back since then, what passed on our own clock is reckoned back from the server's present. Nothing is older than
 * 1970.
 */
export function windowStart(stored: Position, now: Position, overlapMs: number): number {
  const passedMs = Math.max(0, now.local - stored.local);
  return Math.max(0, Math.min(stored.server, now.server - passedMs) - overlapMs);
}

/** The last moment that a timestamp can name: the end of the year 9999. */
const LAST_MOMENT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Clocks are routinely corrected by less than this, in ms. */
const USUAL_STEP_MS = 60_000;

/**
 * A position as it stands in a state, or undefined when the state holds none that can be used. Times that no clock
 * shows are none; nor is a position that lies ahead on the server's clock and on ours. Both were wrong when it was
 * written, so that nobody knows when that was: everything is to be read again.
 *
 * @param now the two clocks at present; without them, only the times themselves are looked at
 */
export function parsePosition(value: unknown, now?: Position): Position | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { server, local } = value as Record<string, unknown>;
  if (!isMoment(server) || !isMoment(local)) return undefined;
  const isAhead = now && server > now.server + USUAL_STEP_MS && local > now.local + USUAL_STEP_MS;
  return isAhead ? undefined : { server, local };
}

/** Whether a value is a time since 1970, in ms, that can be written as a timestamp. */
export function isMoment(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LAST_MOMENT;
}
