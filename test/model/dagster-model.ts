/** Plays steps against a simulated Dagster, syncs it into memory, and reports what is wrong with the tables. */
import { createDagsterClient } from "@org/dagster-client";
import type { Destination } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { type MemoryDestination, memoryDestination } from "@org/destination/memory";
import { createDagsterSimulator, type SimulatedDagsterRun, type SimulatedServer } from "@org/simulators/internal";
import { dagster } from "@org/sources/dagster";
import { type Source, sync } from "@org/sync-engine";
import { asOfStart, asShown, neverWrong, type Tables, tableNames } from "./dagster-check.ts";
import { DagsterLife } from "./dagster-life.ts";
import { DagsterLimit } from "./dagster-limit.ts";
import type { Beginning, Step, SyncStep } from "./dagster-steps.ts";
import { type ScriptedRequests, scriptedFetch } from "./support/scripted-fetch.ts";

/** Broken replacements for parts, to check that the model catches them. */
export interface Wrong {
  readonly fetch?: (fetch: typeof globalThis.fetch, life: DagsterLife) => typeof globalThis.fetch;
  readonly source?: (source: Source, life: DagsterLife) => Source;
  readonly destination?: (destination: Destination) => Destination;
}

export interface Played {
  readonly steps: number;
  readonly syncs: number;
  /** Number of syncs after which the tables had to equal the server. */
  readonly compared: number;
}

/** @throws Error that says what is wrong after which step */
export async function play(beginning: Beginning, steps: readonly Step[], wrong: Wrong = {}): Promise<Played> {
  const life = new DagsterLife(beginning);
  const memory = memoryDestination();
  const limit = new DagsterLimit();
  let tables = tablesOf(memory);
  let compared = 0;
  let syncs = 0;
  for (const [index, step] of steps.entries()) {
    limit.happens(step);
    if (step.do !== "sync") {
      life.do(step);
      continue;
    }
    syncs += 1;
    const found = await syncOnce(life, memory, { step, overlapMs: beginning.overlapMs, wrong, before: tables, limit });
    tables = found.tables;
    if (found.compared) compared += 1;
    if (found.wrong.length > 0) throw new Error(`after step ${index}: ${found.wrong.slice(0, 3).join("\n")}`);
  }
  return { steps: steps.length, syncs, compared };
}

interface Found {
  readonly wrong: readonly string[];
  readonly compared: boolean;
  readonly tables: Tables;
}

async function syncOnce(
  life: DagsterLife,
  memory: MemoryDestination,
  asked: {
    readonly step: SyncStep;
    readonly overlapMs: number;
    readonly wrong: Wrong;
    readonly before: Tables;
    readonly limit: DagsterLimit;
  },
): Promise<Found> {
  const { overlapMs, wrong, before, limit } = asked;
  // Hundreds of small pages reveal no more than a dozen.
  const step = { ...asked.step, pageSize: Math.max(asked.step.pageSize, Math.ceil(life.world.runs.size / 12)) };
  // A stream without a state has nothing to reconcile.
  const reconcile = step.reconcile && before.get("dagster_runs")!.size > 0;
  const start = { tick: life.ledger.tick, runs: new Set(life.world.runs.keys()), reconcile };
  if (step.fullRefresh) life.ledger.forgetZone();
  limit.begin(life, step);
  const controller = new AbortController();
  const server: SimulatedServer = createDagsterSimulator({ world: life.world, version: life.version });
  const script: ScriptedRequests = scriptedFetch(server.fetch, {
    life,
    step,
    die: () => controller.abort(new Error("killed")),
  });
  const fetch = wrong.fetch?.(script.fetch, life) ?? script.fetch;
  const client = createDagsterClient({ url: "http://dagster.test", fetch });
  const source = dagster({ client, pageSize: step.pageSize, overlapMs }) as Source;
  const mortal = mortalDestination(memory, step);
  let error: unknown;
  await sync({
    source: wrong.source?.(source, life) ?? source,
    destination: wrong.destination?.(mortal.destination) ?? mortal.destination,
    pipeline: "model",
    reconcile: step.reconcile,
    historyMs: step.historyMs,
    fullRefresh: step.fullRefresh ?? false,
    allowMassDelete: true,
    requests: { retries: 12, retryWaitMs: 0, retryWaitMaxMs: 0 },
    signal: controller.signal,
    now: () => life.localMs,
  }).catch((thrown: unknown) => {
    error = thrown;
  });
  const tables = tablesOf(memory);
  const held = [...tables.get("dagster_runs")!].filter(([, row]) => row._deleted_at === null).map(([id]) => id);
  const found = [...neverWrong(life, tables), ...limit.tooOld(life, held)];
  const isExcused = controller.signal.aborted || mortal.isDead() || script.isLasting();
  if (error !== undefined && !isExcused) found.push(`the sync failed: ${String(error)}`);
  if (error !== undefined) return { wrong: found, compared: false, tables };
  life.wasSetBack = false;
  limit.completed(step);
  const isQuiet = life.ledger.tick === start.tick;
  const isPromised = (run: SimulatedDagsterRun) => limit.isPromised(life, run, isQuiet);
  const mayBeStale = (run: SimulatedDagsterRun) => limit.mayBeStale(run);
  if (reconcile) life.ledger.reconciled();
  found.push(...asOfStart(life, tables, { ...start, isPromised, mayBeStale }));
  limit.saw(held);
  if (!isQuiet) return { wrong: found, compared: false, tables };
  found.push(...asShown(life, before, tables, { reconcile, isPromised, mayBeStale }));
  return { wrong: found, compared: true, tables };
}

function tablesOf(memory: MemoryDestination): Tables {
  const key = (table: string) => (table === "dagster_runs" ? "run_id" : "id");
  return new Map(
    tableNames.map((name) => [name, new Map(memory.rows(name).map((row) => [row[key(name)] as string, row]))]),
  );
}

/** Simulates a process that dies at a commit: nothing that it requests afterwards happens. */
function mortalDestination(destination: Destination, { dies }: SyncStep) {
  let commits = 0;
  let dead = false;
  const alive = <T>(work: () => Promise<T>) => (dead ? Promise.reject(new Error("dead")) : work());
  const mortal = wrapSession(destination, (session) => ({
    count: (table, scope) => alive(() => session.count(table, scope)),
    countBy: (table, scope, columns) => alive(() => session.countBy(table, scope, columns)),
    keys: (table, scope, columns) => alive(() => session.keys(table, scope, columns)),
    async commit(stream, batch) {
      const isLast = dies !== undefined && dies.where !== "request" && commits === dies.at;
      commits += 1;
      if (isLast && dies.where === "before") dead = true;
      const result = await alive(() => session.commit(stream, batch));
      if (isLast) dead = true;
      return alive(async () => result);
    },
  }));
  return { destination: mortal, isDead: () => dead };
}
