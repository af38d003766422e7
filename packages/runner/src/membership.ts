/** This runner's membership in the group that shares a state: its heartbeat, and the takeover of dead runners' runs. */
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

  /** Call when another runner has declared this one dead. */
  markLost(): void {
    this.#isLost = true;
  }

  /** Whether all jobs must stop: the lease is lost, or may expire before the next heartbeat. */
  async mustStopJobs(): Promise<boolean> {
    const { clock } = this.#options;
    return this.#isLost || clock.passed() - this.#beatAt > (LEASE * 3) / 4;
  }

  /** Sends a heartbeat if one is due, and takes over the runs of dead runners. @returns how many runs it took over */
  async renew(): Promise<number> {
    const { connection, tables, clock } = this.#options;
    if (this.#isLost || clock.passed() - this.#beatAt > (LEASE * 3) / 4) {
      const own = await registerProcess(connection, tables);
      await this.leave();
      this.#own = own;
      this.#isLost = false;
      this.#beatAt = clock.passed();
    } else if (clock.passed() - this.#beatAt >= LEASE / 4) {
      // Taken before the write: others may see the heartbeat from here on.
      const at = clock.passed();
      if (await beat(connection, tables, this.#own.id)) this.#beatAt = at;
      else this.markLost();
    }
    return this.#watch.takeOver(clock.passed(), clock.now());
  }

  /** Releases unfinished runs. If the state is unreachable, other runners take them over once the lease expires. */
  async leave(): Promise<void> {
    const { connection, tables, clock } = this.#options;
    await unregisterProcess(connection, tables, this.#own.id, clock.now()).catch(() => undefined);
    this.#own.forget();
  }
}
