import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, connect } from "@org/destination/connection";
import { onTestFinished } from "vitest";
import { cronTiming } from "../../src/cron/moments.ts";
import type { RunnerEvent } from "../../src/events.ts";
import { run } from "../../src/run.ts";
import type { Schedule } from "../../src/schedule.ts";
import { readHistory } from "../../src/state/history.ts";
import { ManualClock } from "./clock.ts";
import { type Behaviour, Jobs } from "./jobs.ts";

export const schedule = (
  name: string,
  change: Partial<Schedule> & { readonly cron?: string; readonly tenant?: string } = {},
): Schedule => {
  const { cron = "* * * * *", tenant, ...rest } = change;
  return {
    ...{ name, timezone: "UTC", when: cron, maxConcurrentRuns: 1, tags: {}, catchup: "all" },
    timing: cronTiming(cron, "UTC"),
    job: { tenant, connectorType: "command", command: { kind: "shell", text: "" }, retry: undefined },
    ...rest,
  };
};

export const MINUTE = 60_000;

/** Wraps a runner's connection, to break it. */
export type Wrong = (connection: Connection) => Connection;

/** A state, the runners that share it, and their jobs, all on one manual clock. */
export class World {
  readonly clock = new ManualClock("2026-06-01T00:00:30Z");
  readonly jobs: Jobs;
  readonly events: RunnerEvent[] = [];
  schedules: readonly Schedule[];
  concurrencyPerTenant = 1;
  readonly address: string;
  readonly #wrong: Wrong;

  constructor(
    schedules: readonly Schedule[],
    {
      behaviour = () => ({ ms: 5000 }),
      wrong = (same) => same,
      address,
    }: { behaviour?: Behaviour; wrong?: Wrong; address?: string } = {},
  ) {
    this.schedules = schedules;
    this.jobs = new Jobs(this.clock, behaviour);
    this.#wrong = wrong;
    this.address = address ?? `sqlite:${join(temporaryFolder(), "state.sqlite")}`;
  }

  /** Starts a runner. @returns a function that stops it */
  async start({
    over = (same) => same,
    abort = new AbortController(),
  }: {
    over?: Wrong;
    abort?: AbortController;
  } = {}) {
    const own = await connect(this.address);
    this.clock.expected += 1;
    const ended = run({
      connection: over(this.#wrong(own)),
      loadSchedules: () => ({ schedules: this.schedules, concurrencyPerTenant: this.concurrencyPerTenant }),
      execute: this.jobs.execute,
      signal: abort.signal,
      onEvent: (event) => this.events.push(event),
      clock: this.clock,
    }).finally(async () => {
      this.clock.expected -= 1;
      await own.close();
    });
    ended.catch(() => undefined);
    await this.clock.settled();
    const stop = async () => {
      abort.abort();
      await ended;
    };
    onTestFinished(() => stop().catch(() => undefined));
    return stop;
  }

  /** All runs in the state, oldest first. */
  async history() {
    const connection = await connect(this.address);
    try {
      return [...(await readHistory(connection, { limit: 10_000 }))].reverse();
    } finally {
      await connection.close();
    }
  }

  /** A schedule's runs as `HH:MM state`, oldest first. */
  async slots(name: string): Promise<string[]> {
    const runs = (await this.history()).filter((each) => each.schedule === name && each.slot !== null);
    return runs.map(({ slot, state }) => `${new Date(slot!).toISOString().slice(11, 16)} ${state}`);
  }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "runner-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
