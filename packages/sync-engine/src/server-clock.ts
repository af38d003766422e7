/** Tracks the server's clock during a sync, from the `Date` headers of its responses. */
import { parseHttpDate } from "./http-date.ts";
import type { Position } from "./position.ts";
import type { SourceContext } from "./stream.ts";

/** Report clocks that differ by more than this, in ms: one of them is wrong. */
const NOTABLE_MS = 24 * 60 * 60 * 1000;

export interface ServerClock {
  /** Call with the `Date` header of every response. Ignores an invalid one, and reports it once. */
  see(date: string | null | undefined): void;
  /**
   * The earliest time in any response so far, or our own clock if that is earlier. A time ahead of the clock that stamps
   * the rows would lose changes; a time behind it only reads some rows again.
   */
  position(): Position;
}

export function createServerClock({ now, emit }: Pick<SourceContext, "now" | "emit">): ServerClock {
  let earliest = Number.POSITIVE_INFINITY;
  const said = new Set<string>();
  const say = (code: string, message: string) => {
    if (said.has(code)) return;
    said.add(code);
    emit({ type: "notice", code, message });
  };
  return {
    see(date) {
      if (date === null || date === undefined) return;
      const time = parseHttpDate(date);
      if (time !== undefined) earliest = Math.min(earliest, time);
      else {
        const message = `A response is dated ${JSON.stringify(date.slice(0, 60))}, which is not a date, and is ignored. The clock of the server, or of a proxy before it, is wrong.`;
        say("IMPOSSIBLE_DATE", message);
      }
    },
    position() {
      const local = now();
      if (Number.isFinite(earliest) && Math.abs(earliest - local) > NOTABLE_MS) {
        const [server, own] = [new Date(earliest), new Date(local)].map((date) => date.toISOString().slice(0, 16));
        const message = `The server's clock shows ${server}, but this machine's shows ${own}. The sync uses the earlier one. Correct the wrong clock.`;
        say("CLOCKS_DIFFER", message);
      }
      return { server: Math.min(earliest, local), local };
    },
  };
}
