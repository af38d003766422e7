/** Lists upcoming runs. */
import type { Schedule } from "./schedule.ts";

/** A time at which a schedule is due. */
export interface Planned<S extends Pick<Schedule, "name" | "timing"> = Schedule> {
  readonly schedule: S;
  /** In ms since 1970. */
  readonly at: number;
}

/**
 * The times at which several schedules are due, in order. Schedules that are due at the same time keep their order.
 *
 * @param after exclusive start, in ms since 1970
 * @param until inclusive end, in ms since 1970
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
