/** Syncs repeatedly next to a server. Errors are reported, and the next sync runs all the same. */
import { setTimeout as sleep } from "node:timers/promises";
import type { SyncHealth } from "@org/insights/serve";
import type { SyncResult } from "@org/sync-engine";
import type { Loaded } from "../choice.ts";
import { duration } from "../duration.ts";
import { exitCodes } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { failureText } from "../render/failure.ts";
import type { Reporter } from "../render/reporter.ts";
import { escaped } from "../render/safe-output.ts";
import { grouped } from "../render/table.ts";
import type { Ended } from "../sync/run-pipelines.ts";
import { resultOf, type SyncReport, syncPipelines } from "../sync/sync.ts";
import { uniteViews } from "../sync/views.ts";

export interface RoundsOptions {
  readonly loaded: Loaded;
  /** From the start of one round to that of the next, in ms. A round that takes longer is followed at once. */
  readonly everyMs: number;
  /** Runs a round when nothing blocks it. */
  readonly whileNotCopying: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface Rounds {
  health(): readonly SyncHealth[];
  /** Resolves when the signal has ended the last round. Never rejects. */
  readonly ended: Promise<void>;
}

export function startRounds({ loaded, everyMs, whileNotCopying }: RoundsOptions, io: Io): Rounds {
  const healths = new Map<string, SyncHealth>(
    loaded.chosen.map(({ name }) => [name, { pipeline: name, isRunning: false, succeeded: 0, failed: 0 }]),
  );
  const report = new RoundsReport(healths, io);
  const round = async () => {
    await uniteViews(loaded, await syncPipelines(loaded.chosen, { parallel: 2 }, io, report), io);
  };
  const all = async () => {
    while (!io.signal?.aborted) {
      const began = performance.now();
      await whileNotCopying(round).catch((thrown: unknown) => report.write(`The syncs failed: ${failureText(thrown)}`));
      const left = Math.max(MOMENT, everyMs - (performance.now() - began));
      await sleep(left, undefined, io.signal && { signal: io.signal }).catch(() => undefined);
    }
  };
  return { health: () => [...healths.values()], ended: all() };
}

/** The pause for making a copy of the file if rounds follow each other directly, in ms. */
const MOMENT = 1000;

class RoundsReport implements SyncReport {
  readonly #healths: Map<string, SyncHealth>;
  readonly #io: Io;
  readonly #startedAt = new Map<string, number>();
  readonly #noticed = new Set<string>();

  constructor(healths: Map<string, SyncHealth>, io: Io) {
    this.#healths = healths;
    this.#io = io;
  }

  write(text: string): void {
    this.#io.stderr.write(`${new Date().toISOString().slice(0, 19)}Z  ${text}\n`);
  }

  reporterOf(name: string): Reporter {
    this.#startedAt.set(name, performance.now());
    this.#update(name, { isRunning: true });
    return {
      event: (event) => {
        // Every sync would repeat it.
        if (event.type !== "notice" || this.#noticed.has(`${name} ${event.message}`)) return;
        this.#noticed.add(`${name} ${event.message}`);
        this.write(`${escaped(name)}: ${escaped(event.message)}`);
      },
      tick() {},
      end() {},
      tickMs: 60_000,
    };
  }

  ended({ name, exitCode, result, thrown }: Ended<SyncResult>): void {
    const startedAt = this.#startedAt.get(name);
    const durationMs = startedAt === undefined ? 0 : performance.now() - startedAt;
    const before = this.#healths.get(name);
    const hasSucceeded = exitCode === exitCodes.done;
    // It was stopped: it is neither complete nor failed.
    if (this.#io.signal?.aborted && !hasSucceeded) {
      this.#update(name, { isRunning: false });
      return;
    }
    const endedAt = Date.now();
    this.#update(name, {
      isRunning: false,
      endedAt,
      durationMs,
      ...(hasSucceeded && { succeededAt: endedAt }),
      succeeded: (before?.succeeded ?? 0) + Number(hasSucceeded),
      failed: (before?.failed ?? 0) + Number(!hasSucceeded),
      problem: hasSucceeded ? undefined : escaped(failureText(thrown)),
    });
    this.write(
      `${escaped(name)}: ${hasSucceeded ? summaryOf(resultOf({ result, thrown }), durationMs) : failureText(thrown)}`,
    );
  }

  #update(name: string, change: Partial<SyncHealth>): void {
    const before = this.#healths.get(name);
    if (before) this.#healths.set(name, { ...before, ...change });
  }
}

function summaryOf(result: SyncResult | undefined, durationMs: number): string {
  const sum = (what: "inserted" | "updated" | "deleted") =>
    grouped(result?.streams.reduce((total, stream) => total + stream[what], 0) ?? 0);
  return `synced in ${duration(durationMs)}: ${sum("inserted")} new, ${sum("updated")} changed, ${sum("deleted")} deleted`;
}
