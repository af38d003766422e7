/** What would run when. */
import type { Schedule } from "./schedule.ts";

/** A moment at which a schedule is due. */
export interface Planned<S extends Pick<Schedule, "name" | "timing"> = Schedule> {
  readonly schedule: S;
  /** In ms since 1970. */
  readonly at: number;
}

/**
 * The moments of several schedules after one moment and up to another, in order; those of one moment in the order of the
 * schedules.
 *
 * @param after in ms since 1970, as `until`
 */
export function* plan<S extends Pick<Schedule, "name" | "timing">>(
  schedules: readonly S[],
  after: number,
  until: number,
): Generator<Planned<S>> {
  const waiting = schedules.map((schedule) => {
    const moments = schedule.timing.between(after, until)[Symbol.iterator]();
    return { schedule, moments, next: moments.next() };
  });
  for (;;) {
    const open = waiting.filter(({ next }) => !next.done);
    if (open.length === 0) return;
    const first = open.reduce((one, other) => (other.next.value! < one.next.value! ? other : one));
    yield { schedule: first.schedule, at: first.next.value! };
    first.next = first.moments.next();
  }
}
