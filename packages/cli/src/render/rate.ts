/** Averages over this time, in ms: a mix of quick and slow responses makes shorter ones jump. */
const WINDOW_MS = 30_000;
const STEP_MS = 500;

/** How fast a count grows. */
export class Rate {
  /** The count at some times, oldest first. */
  #marks: { readonly at: number; readonly count: number }[] = [];

  /** @param at time, in ms */
  see(count: number, at: number): void {
    const last = this.#marks.at(-1);
    if (last && at - last.at < STEP_MS && this.#marks.length > 1) this.#marks.pop();
    this.#marks.push({ at, count });
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > WINDOW_MS) this.#marks.shift();
  }

  /** Undefined in the first second. */
  perSecond(now: number): number | undefined {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || now - first.at < 1000) return undefined;
    return ((last.count - first.count) * 1000) / (now - first.at);
  }
}
