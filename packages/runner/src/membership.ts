/** This process among those that share a state: it gives signs of life, and takes over from those that ended. */
import type { Connection } from "@org/destination/connection";
import type { Clock } from "./clock.ts";
import { beat, LEASE, type OwnProcess, registerProcess, unregisterProcess, Watch } from "./state/processes.ts";
import type { Tables } from "./state/tables.ts";

interface MembershipOptions {
  readonly connection: Connection;
  readonly tables: Tables;
  readonly clock: Clock;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #watch: Watch;
  #own: OwnProcess;
  #beatAt: number;
  #isLost = false;

  private constructor(options: MembershipOptions, own: OwnProcess) {
    this.#options = options;
    this.#own = own;
    this.#beatAt = options.clock.passed();
    this.#watch = new Watch(options.connection, options.tables);
  }

  static async join(options: MembershipOptions): Promise<Membership> {
    return new Membership(options, await registerProcess(options.connection, options.tables));
  }

  get id(): string {
    return this.#own.id;
  }

  /** Another process took this one for dead. */
  lose(): void {
    this.#isLost = true;
  }

  /** Whether the jobs have to end, since others take this process for dead by now, or will before it can tell them. */
  async mustLeave(): Promise<boolean> {
    const { clock } = this.#options;
    return this.#isLost || clock.passed() - this.#beatAt > (LEASE * 3) / 4;
  }

  /** Gives a sign of life, where it is time, and looks at the others. @returns how many runs were taken over */
  async renew(): Promise<number> {
    const { connection, tables, clock } = this.#options;
    if (this.#isLost || clock.passed() - this.#beatAt > (LEASE * 3) / 4) {
      const own = await registerProcess(connection, tables);
      await this.leave();
      this.#own = own;
      this.#isLost = false;
      this.#beatAt = clock.passed();
    } else if (clock.passed() - this.#beatAt >= LEASE / 4) {
      // Before it is asked for: what counts is when others may have seen it.
      const at = clock.passed();
      if (await beat(connection, tables, this.#own.id)) this.#beatAt = at;
      else this.lose();
    }
    return this.#watch.takeOver(clock.passed(), clock.now());
  }

  /** Gives back what is not done. Where the state is away, others find out. */
  async leave(): Promise<void> {
    const { connection, tables, clock } = this.#options;
    await unregisterProcess(connection, tables, this.#own.id, clock.now()).catch(() => undefined);
    this.#own.forget();
  }
}
