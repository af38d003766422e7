/** What only the further streams of a sync read: ticks, events of assets, steps, checks, backfills, pools, daemons. */
import type { Instant } from "../time.ts";
import { assetId } from "./records.ts";

/** An evaluation of a schedule or sensor. */
export interface SimulatedTick {
  readonly tickId: number;
  status: "STARTED" | "SKIPPED" | "SUCCESS" | "FAILURE";
  /** When it was due. */
  readonly at: Instant;
  endedAt: Instant | null;
  readonly runIds: readonly string[];
  readonly runKeys: readonly string[];
  readonly skipReason: string | null;
  readonly cursor: string | null;
  readonly error: string | null;
}

/** An event of an asset, by insertion. */
export interface SimulatedAssetEvent {
  readonly number: number;
  readonly type: "MATERIALIZATION" | "OBSERVATION";
  readonly path: readonly string[];
  readonly runId: string;
  readonly at: Instant;
  readonly partition: string | null;
  readonly description: string | null;
}

/** A step of a run. */
export interface SimulatedStep {
  readonly stepKey: string;
  readonly status: "SUCCESS" | "FAILURE" | "SKIPPED" | "IN_PROGRESS";
  readonly attempts: readonly { readonly start: Instant; readonly end: Instant | null }[];
}

/** An execution of an asset's check. */
export interface SimulatedCheckExecution {
  readonly id: number;
  readonly path: readonly string[];
  readonly name: string;
  readonly runId: string;
  readonly at: Instant;
  status: "IN_PROGRESS" | "SUCCEEDED" | "FAILED" | "EXECUTION_FAILED" | "SKIPPED";
  /** What the check says of its result. */
  description: string | null;
}

/** A backfill, by insertion. */
export interface SimulatedBackfill {
  readonly id: string;
  status: string;
  readonly at: Instant;
  endedAt: Instant | null;
}

/** A pool, or concurrency key. */
export interface SimulatedPool {
  readonly name: string;
  readonly slots: number;
  readonly active: number;
  readonly pending: number;
}

/** The content of a world that only further streams read. It is empty at first: add to its lists. */
export class FurtherWorld {
  /** By selector id. */
  readonly ticks = new Map<string, SimulatedTick[]>();
  readonly events: SimulatedAssetEvent[] = [];
  /** By run id. */
  readonly steps = new Map<string, readonly SimulatedStep[]>();
  readonly checks: SimulatedCheckExecution[] = [];
  readonly backfills: SimulatedBackfill[] = [];
  readonly pools: SimulatedPool[] = [];
  /** When each part of the daemon last reported. */
  readonly heartbeats = new Map<string, Instant>();
  /** By an asset's id: the ids of those that it is made from. */
  readonly upstream = new Map<string, readonly string[]>();
  #number = 0;

  /** A number that is higher than all before: of ticks, events and executions. */
  next(): number {
    this.#number += 1;
    return this.#number;
  }

  tick(
    selectorId: string,
    status: SimulatedTick["status"],
    at: Instant,
    more: Partial<SimulatedTick> = {},
  ): SimulatedTick {
    const endedAt = status === "STARTED" ? null : at;
    const empty = { runIds: [], runKeys: [], skipReason: null, cursor: null, error: null };
    const tick: SimulatedTick = { ...empty, tickId: this.next(), status, at, endedAt, ...more };
    this.ticks.set(selectorId, [...(this.ticks.get(selectorId) ?? []), tick]);
    return tick;
  }

  event(
    type: SimulatedAssetEvent["type"],
    path: readonly string[],
    at: Instant,
    more: Partial<SimulatedAssetEvent> = {},
  ): void {
    this.events.push({ number: this.next(), type, path, at, runId: "", partition: null, description: null, ...more });
  }

  /** Removes what goes with a run, or with an asset's events. */
  remove(what: { readonly runId: string } | { readonly assetId: string }): void {
    if ("runId" in what) this.steps.delete(what.runId);
    const goes = ({ runId, path }: SimulatedAssetEvent) =>
      "runId" in what ? runId === what.runId : assetId(path) === what.assetId;
    this.events.splice(0, this.events.length, ...this.events.filter((event) => !goes(event)));
  }

  check(
    path: readonly string[],
    name: string,
    status: SimulatedCheckExecution["status"],
    at: Instant,
  ): SimulatedCheckExecution {
    const execution: SimulatedCheckExecution = {
      id: this.next(),
      path,
      name,
      status,
      at,
      runId: "",
      description: null,
    };
    this.checks.push(execution);
    return execution;
  }

  backfill(id: string, status: string, at: Instant): SimulatedBackfill {
    const backfill: SimulatedBackfill = { id, status, at, endedAt: null };
    this.backfills.push(backfill);
    return backfill;
  }
}
