import type { AttemptOptions, Execute } from "../../src/execute.ts";
import type { ManualClock } from "./clock.ts";

/** One attempt, as the executor sees it. */
export interface Execution {
  readonly job: string;
  readonly slot: string | undefined;
  readonly tenant: string | undefined;
  readonly attempt: number;
  readonly startedAt: number;
  endedAt?: number;
  exitCode?: number;
}

/** How long an attempt takes, in ms, and its exit code. @param nth attempt of this run, from 1 */
export type Behaviour = (execution: Execution, nth: number) => { readonly ms: number; readonly exitCode?: number };

/** Simulates jobs on a manual clock, and remembers what ran when. */
export class Jobs {
  readonly executions: Execution[] = [];
  /** What must never happen, and did. */
  readonly violations: string[] = [];
  readonly #clock: ManualClock;
  readonly #behaviour: Behaviour;
  readonly #perTenant: number;

  constructor(clock: ManualClock, behaviour: Behaviour, perTenant = 1) {
    this.#clock = clock;
    this.#behaviour = behaviour;
    this.#perTenant = perTenant;
  }

  get running(): readonly Execution[] {
    return this.executions.filter(({ endedAt }) => endedAt === undefined);
  }

  readonly execute: Execute = ({ env, signal, onLine }: AttemptOptions) =>
    new Promise((resolve) => {
      const execution: Execution = {
        ...{ job: env.DAGSYNC_JOB!, slot: env.DAGSYNC_SLOT, tenant: env.DAGSYNC_TENANT },
        ...{ attempt: Number(env.DAGSYNC_ATTEMPT), startedAt: this.#clock.passed() },
      };
      this.#check(execution);
      this.executions.push(execution);
      const same = this.executions.filter(({ job, slot }) => job === execution.job && slot === execution.slot);
      const { ms, exitCode = 0 } = this.#behaviour(execution, same.length);
      onLine("stdout", `${execution.job} ${execution.slot}`);
      const end = (code: number) => {
        this.#clock.onTick.delete(tick);
        signal.removeEventListener("abort", stop);
        execution.endedAt = this.#clock.passed();
        execution.exitCode = code;
        resolve(code);
      };
      const tick = () => {
        if (this.#clock.passed() - execution.startedAt >= ms) end(exitCode);
      };
      const stop = () => end(143);
      this.#clock.onTick.add(tick);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });

  #check({ job, slot, tenant }: Execution): void {
    if (this.running.some((each) => each.job === job && each.slot === slot)) {
      this.violations.push(`${job} of ${slot} runs twice at once`);
    }
    const ofTenant = this.running.filter((each) => tenant !== undefined && each.tenant === tenant).length;
    if (ofTenant >= this.#perTenant) this.violations.push(`${ofTenant + 1} jobs of ${tenant} run at once`);
    if (this.executions.some((each) => each.job === job && each.slot === slot && each.exitCode === 0 && slot)) {
      this.violations.push(`${job} of ${slot} runs again although it had succeeded`);
    }
  }
}
