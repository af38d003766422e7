/** Who holds a destination, in a form that can be stored in it, so that the next one can be told or take over. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Tells sessions apart: of one process, and of two processes that had one number after each other. */
  readonly session: string;
}

// Shared by all copies of this module in the process: a bundle may well hold two.
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

/** To be called once the session is closed. */
export function releaseHolder({ session }: Holder): void {
  ownSessions.delete(session);
}

/** Whether the holder's process is known to have ended: one of this machine. Of others only their lease tells. */
export function hasEnded({ host, pid, session }: Holder): boolean {
  if (host !== hostname()) return false;
  // A container's process has the same number each time that the container starts.
  if (pid === process.pid) return !ownSessions.has(session);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Clocks of machines that write to one place differ by less than this, in ms. A lease that ends later than that was given
 * by a clock that was wrong, and would keep everybody out until then; whoever had it is fenced off, and writes nothing.
 */
export const MOST_CLOCK_DIFFERENCE_MS = 60 * 60 * 1000;

/** For messages: `process 123 on build-7`. */
export function holderName({ host, pid }: Holder): string {
  return pid === process.pid && host === hostname()
    ? `another session of this same process (${pid})`
    : `process ${pid} on ${host}`;
}
