/** What limits of the history promise of the table of runs: what must be there, and what must not. */
import type { SimulatedDagsterRun } from "@org/simulators/internal";
import type { DagsterLife } from "./dagster-life.ts";
import type { Step, SyncStep } from "./dagster-steps.ts";

const finals: ReadonlySet<unknown> = new Set(["SUCCESS", "FAILURE", "CANCELED"]);
const everything = Number.NEGATIVE_INFINITY;
/** Every sync stores so many of the newest runs. */
const newest = 50;

export class DagsterLimit {
  /** Runs that the table held after some sync. */
  readonly #seen = new Set<string>();
  /** Runs that a sync may have stored whatever their age. */
  readonly #excused = new Set<string>();
  /** Floors that syncs asked for before the first one was complete, ms since 1970. */
  #attempted: number[] = [];
  /** All runs that changed since then must be there, ms since 1970; undefined before the first complete sync. */
  #since: number | undefined;
  /** The lowest floor that any sync asked for. */
  #lowest = Number.POSITIVE_INFINITY;
  /** The tick before the first sync that stored anything, or the latest full refresh. */
  #begun: number | undefined;
  /** Whether a full refresh has begun and no sync was complete since: it may have dropped the state, and so its limit. */
  #isRefreshed = false;
  /** Whether rows beyond the limit wait for a reconcile: a full refresh was interrupted, and no sync since had one. */
  #awaitsReconcile = false;
  /** The latest time of the server, which may be set back. */
  #clock = 0;

  /** Notes what makes old runs change, or show up among the newest. */
  happens(step: Step): void {
    const isNew = step.do === "add" || (step.do === "brief" && step.agoMs === 0);
    if (!isNew && step.do !== "sync" && step.do !== "advance") this.#lowest = everything;
  }

  begin(life: DagsterLife, { historyMs, fullRefresh, requests }: SyncStep): void {
    if (this.#begun === undefined || fullRefresh) this.#begun = life.ledger.tick;
    this.#isRefreshed ||= fullRefresh === true;
    this.#awaitsReconcile ||= fullRefresh === true;
    const now = life.world.clock.now();
    this.#clock = Math.max(this.#clock, now);
    for (const id of [...life.world.runs.keys()].slice(-newest)) this.#excused.add(id);
    if (fullRefresh || (historyMs === undefined && this.#since === undefined) || requests.length > 0)
      this.#lowest = everything;
    if (historyMs !== undefined) this.#lowest = Math.min(this.#lowest, now - historyMs);
    if (historyMs !== undefined) this.#attempted.push(this.#clock - historyMs);
    else if (this.#attempted.length === 0) this.#attempted = [everything];
  }

  completed({ historyMs, fullRefresh, reconcile }: SyncStep): void {
    if (fullRefresh || reconcile) this.#awaitsReconcile = false;
    const asked = historyMs === undefined ? undefined : this.#clock - historyMs;
    if (fullRefresh) this.#attempted = [asked ?? everything];
    const wanted = asked ?? Math.max(...this.#attempted);
    if (this.#since === undefined || fullRefresh) this.#since = wanted;
    else if (this.#isRefreshed) this.#since = Math.max(this.#since, wanted);
    else if (asked !== undefined) this.#since = Math.min(this.#since, wanted);
    this.#isRefreshed = false;
  }

  saw(runs: Iterable<string>): void {
    for (const run of runs) this.#seen.add(run);
  }

  /** Whether the table must hold a run. @param isQuiet nothing happened during the sync */
  isPromised(life: DagsterLife, run: SimulatedDagsterRun, isQuiet: boolean): boolean {
    const since = this.#since ?? everything;
    if (since === everything || this.#seen.has(run.runId)) return true;
    if (!life.ledger.isOlder(run.runId, this.#begun ?? 0)) return true;
    // Rows in several time zones are filtered by one of them, and a silent end moves a run without a trace.
    if (!isQuiet || life.ledger.hasMoved || life.ledger.mayBeLate(run.runId)) return false;
    return !finals.has(run.status) || run.updateTime / 1000 > since;
  }

  /** Whether a run's row may be as it was before a full refresh. */
  mayBeStale(run: SimulatedDagsterRun): boolean {
    return this.#awaitsReconcile && finals.has(run.status) && run.updateTime / 1000 <= (this.#since ?? everything);
  }

  /** Runs in the table that no sync was to request. */
  tooOld(life: DagsterLife, held: Iterable<string>): string[] {
    if (this.#lowest === everything || life.ledger.zones.size > 1) return [];
    return [...held].flatMap((id) => {
      const run = life.world.runs.get(id);
      if (!run || !finals.has(run.status) || this.#excused.has(id) || run.updateTime / 1000 >= this.#lowest) return [];
      return [`older than the limit: run ${id} changed at ${new Date(run.updateTime / 1000).toISOString()}`];
    });
  }
}
