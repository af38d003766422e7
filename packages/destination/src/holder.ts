/**
 * Describes who holds a destination, in a form that can be stored in it, so that the next session can report it or take
 * over.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Distinguishes sessions: of one process, and of two processes that had the same id one after the other. */
  readonly session: string;
}

// Shared by all copies of this module in the process: a bundle may well contain two.
const key = Symbol.for("@org/destination: sessions of this process");
const shared = globalThis as { [key]?: Set<string> };
shared[key] ??= new Set();
const ownSessions: Set<string> = shared[key];

/** This process as the holder of a new session. */
export function createHolder(): Holder {
  const session = randomUUID();
  ownSessions.add(session);
  return { host: hostname(), pid: process.pid, session };
}

/** Call it once the session is closed. */
export function releaseHolder({ session }: Holder): void {
  ownSessions.delete(session);
}

/** Whether the holder's process is known to have ended. Only known for this machine; others have just their lease. */
export function hasEnded({ host, pid, session }: Holder): boolean {
  if (host !== hostname()) return false;
  // A container's process has the same id each time the container starts.
  if (pid === process.pid) return !ownSessions.has(session);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Clocks of machines that write to one location differ by less than this, in ms. A lease that ends later than that was
 * set by a wrong clock, and would block everyone until then. Its holder is fenced off, and writes nothing.
 */
export const MOST_CLOCK_DIFFERENCE_MS = 60 * 60 * 1000;

/** For messages: `process 123 on build-7`. */
export function holderName({ host, pid }: Holder): string {
  return pid === process.pid && host === hostname()
    ? `another session of this same process (${pid})`
    : `process ${pid} on ${host}`;
}
