/** Plays a history of an Airflow and of syncs from it, and reports what is wrong after which step. */
import { createAirflowClient, type FetchFunction } from "@org/airflow-client";
import type { Destination } from "@org/destination";
import { memoryDestination } from "@org/destination/memory";
import {
  type AirflowServerOptions,
  type AirflowWorld,
  airflowSimulator,
  createEmptyAirflowWorld,
} from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { describeState, type Source, sync } from "@org/sync-engine";
import { AirflowLedger, keyOf, tables } from "./airflow-ledger.ts";
import { live } from "./airflow-life.ts";
import type { Failure, Step, Story, SyncStep } from "./airflow-steps.ts";
import { dying } from "./dying.ts";

/** How an engine or source is broken: each function gets a correct part and returns a broken one. */
export interface Breaks {
  readonly overlapMs?: number;
  readonly fetch?: (right: FetchFunction) => FetchFunction;
  readonly destination?: (right: Destination, world: AirflowWorld) => Destination;
  readonly source?: (right: Source) => Source;
}

export const counts = { steps: 0, syncs: 0, requests: 0 };

const faults: Record<Failure, object> = {
  "429": { status: 429, headers: { "retry-after": "0" } },
  "500": { status: 500, body: { detail: "the database is starting" } },
  "503": { status: 503 },
  reset: { reset: true },
  cut: { cutBodyAt: 30 },
  short: { clampPage: 2 },
  html: { html200: true },
};

/** @throws Error that says what is wrong with the tables after which step */
export async function liveThrough({ beginning, steps }: Story, breaks: Breaks = {}): Promise<void> {
  const world = createEmptyAirflowWorld(beginning.version ? { version: beginning.version } : {});
  for (let dag = 0; dag < beginning.dags; dag += 1) {
    live(world, { do: "add dag", dag: 0, few: dag === 1 });
    for (let id = 0; id < beginning.runs; id += 1) {
      live(world, { do: "add run", dag, id, kind: "scheduled", few: false });
      if (id !== 1) live(world, { do: "finish run", run: world.runs().length - 1 });
    }
  }
  const ledger = new AirflowLedger();
  ledger.record(world);
  const hidden = new Set<string>();
  const server: AirflowServerOptions = { isVisible: (dagId) => !hidden.has(dagId) };
  const { runsPerAnswer, batch = true } = beginning;
  function setServer({ cursor, pageLimit }: { readonly cursor: boolean; readonly pageLimit: number }): void {
    server.cursor = cursor;
    // Without cursor and batch endpoints, all runs with the same due time must fit on a page, or the sync rejects the server.
    server.maximumPageLimit = cursor || batch ? pageLimit : 100;
  }
  setServer(beginning);
  const { fetch, faults: script } = airflowSimulator(world, server);
  let request: (() => Promise<void>) | undefined;
  let answered: (() => void) | undefined;
  const counting: FetchFunction = async (url, init) => {
    const isLogin = url.endsWith("/auth/token");
    if (!isLogin) await request?.();
    const response = await fetch(url, init);
    if (!isLogin) answered?.();
    return response;
  };
  const client = createAirflowClient({
    url: "http://airflow",
    auth: { username: "admin", password: "admin" },
    fetch: breaks.fetch?.(counting) ?? counting,
  });
  const memory = memoryDestination();
  const { overlapMs = 600_000 } = breaks;
  let limit = beginning.limit;
  const right = airflow({ client, runsPerAnswer, batch, overlapMs }) as Source;
  const source = breaks.source?.(right) ?? right;
  // Our clock is right. Steps set the server's.
  let localMs = world.clock.now();
  let mayShift = true;

  async function syncOnce(step: SyncStep): Promise<void> {
    const controller = new AbortController();
    const startedAt = ledger.tick;
    const deleted = new Set<string>();
    for (const table of tables) {
      for (const row of memory.rows(table.name)) {
        if (row._deleted_at !== null || row.purged_at != null) deleted.add(keyOf(table, row));
      }
    }
    let number = 0;
    const happen = (when: "before" | "after", at: number) => {
      for (const each of step.requests) {
        if (each.at !== at || !("when" in each) || each.when !== when) continue;
        counts.steps += 1;
        ledger.record(world, live(world, each.world));
      }
    };
    request = async () => {
      number += 1;
      counts.requests += 1;
      if (step.dies?.where === "request" && step.dies.at === number) controller.abort(new Error("the lights went out"));
      for (const each of step.requests) {
        if (each.at !== number || !("fails" in each)) continue;
        // Servers only limit GET requests. Without cursor and batch endpoints, they must not limit anything.
        if (each.fails === "short" && !batch && !server.cursor) continue;
        const match = ({ method, path }: { readonly method: string; readonly path: string }) =>
          path !== "/auth/token" && (each.fails !== "short" || method === "GET");
        script.push({ ...faults[each.fails], times: each.times, match });
      }
      happen("before", number);
    };
    answered = () => happen("after", number);
    const broken = breaks.destination?.(dying(memory, step.dies), world) ?? dying(memory, step.dies);
    const mayFail =
      step.dies !== undefined || step.requests.some((each) => "fails" in each && ["500", "html"].includes(each.fails));
    let error: unknown;
    const clockMs = Math.min(world.clock.now(), localMs);
    await sync({
      source,
      historyMs: limit === undefined ? Number.POSITIVE_INFINITY : limit * 86_400_000,
      destination: broken,
      reconcile: step.reconcile,
      allowMassDelete: true,
      ...(step.budget !== undefined && { outstandingBudget: step.budget }),
      signal: controller.signal,
      now: () => localMs,
      requests: { retries: 12, retryWaitMs: 0 },
    }).catch((thrown: unknown) => {
      error = thrown;
    });
    script.clear();
    request = undefined;
    answered = undefined;
    counts.syncs += 1;
    if (error && !mayFail)
      throw new Error(`a sync failed: ${error instanceof Error ? error.message : error}`, { cause: error });
    const completed = error === undefined;
    // A first sync sets this too, without a reconcile.
    const outstanding = await outstandingIn(memory);
    const floors = await floorsIn(memory);
    const wantedMs = limit === undefined ? Number.NEGATIVE_INFINITY : clockMs - limit * 86_400_000;
    const late = Object.entries(floors).filter(([, floorMs]) => floorMs > wantedMs);
    if (completed && late.length > 0) throw new Error(`the history begins too late: ${late.join(" ")}`);
    const reconciled = step.reconcile && !isFirst;
    const deed = { startedAt, completed, reconcile: reconciled, hidden, deleted, outstanding, floors };
    for (const wrong of ledger.judge(world, (table) => memory.rows(table), deed)) throw new Error(wrong);
    if (completed) {
      ledger.forget(hidden);
      mayShift = true;
      isFirst = false;
    }
  }

  let isFirst = true;
  for (const [index, step] of steps.entries()) {
    counts.steps += 1;
    try {
      await carryOut(step);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`after step ${index} (${step.do}): ${message}`, { cause: error });
    }
  }

  // Everything left for later must arrive in the end.
  if (steps.some((step) => step.do === "sync" && step.budget !== undefined)) {
    await syncOnce({ do: "sync", reconcile: false, requests: [] });
  }

  async function carryOut(step: Step): Promise<void> {
    switch (step.do) {
      case "sync":
        return syncOnce(step);
      case "wait":
        world.advance(step.byMs);
        localMs += step.byMs;
        return;
      case "set clock":
        // Set back and forward again between two syncs: impossible to detect.
        if (mayShift) world.advance(step.byMs);
        mayShift = false;
        return;
      case "limit":
        limit = step.days;
        return;
      case "hide dag": {
        const dags = [...world.dags.keys()];
        const dag = dags[step.dag % dags.length];
        if (dag) hidden.add(dag);
        return;
      }
      case "show dags":
        return hidden.clear();
      case "change server":
        return setServer(step);
      default:
        ledger.record(world, live(world, step));
    }
  }
}

/** Where each table's history begins, in ms since 1970. */
async function floorsIn(destination: Destination): Promise<Readonly<Record<string, number>>> {
  const states = await describeState({ destination });
  const limited = states.flatMap(({ table, historySince }) =>
    historySince === null ? [] : [[table, Date.parse(historySince)] as const],
  );
  return Object.fromEntries(limited);
}

/** Earlier attempts of runs before this time are left for later, in ms since 1970. */
async function outstandingIn(destination: Destination): Promise<number> {
  const states = await describeState({ destination });
  const left = states.flatMap(({ outstanding }) => (outstanding ? [outstanding.before] : []));
  return Math.max(...left.map((before) => (before === null ? Number.POSITIVE_INFINITY : Date.parse(before))));
}
