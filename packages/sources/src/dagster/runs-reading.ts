/** What the phases of reading the runs share. */
import type { Run } from "@org/dagster-client";
import type { RunsFilter } from "@org/dagster-client/sync";
import type { Row, StoredValues } from "@org/destination";
import { batchOf, type Position, type ReadContext } from "@org/sync-engine/source";
import type { DagsterApi } from "./api.ts";
import type { Definitions } from "./definitions.ts";
import { type Frame, FrameWatch } from "./frame.ts";
import { HEAD_SIZE } from "./run-changes.ts";
import { floorOf, sinceFloor } from "./runs-limit.ts";
import type { RunsBatch } from "./runs-reconcile.ts";
import { parseRunsState, type RunsState, type Widening } from "./runs-state.ts";
import type { DagsterSync } from "./shared.ts";
import { runRow, runsTable } from "./tables/runs.ts";

export class RunsReading {
  readonly context: ReadContext<DagsterSync, RunsState>;
  readonly definitions: Definitions;
  /** The clocks before any run was read. */
  readonly now: Position;
  readonly begun: RunsState;
  readonly watch: FrameWatch;
  /** Where the history begins: see runs-limit.ts. */
  floor: string | undefined;
  widening: Widening | undefined;
  /** Runs that were too large for the last sync, until they are requested again. */
  due: readonly string[];
  /** The frame of the last sync. */
  readonly known: Frame | undefined;

  constructor(context: ReadContext<DagsterSync, RunsState>, definitions: Definitions, now: Position) {
    const { api } = context.shared;
    const { version, lacks } = definitions.server;
    this.context = context;
    this.definitions = definitions;
    this.now = now;
    this.begun = parseRunsState(context.state, now, lacks);
    const { frame, server, unread } = "history" in this.begun ? this.begun.history : this.begun;
    this.known = frame;
    this.watch = new FrameWatch(frame, now.server, api.filtered, server?.version === version);
    this.due = unread ?? [];
    this.floor = floorOf(this.begun, context);
    this.widening = "history" in this.begun ? undefined : this.begun.widening;
  }

  static async start(context: ReadContext<DagsterSync, RunsState>): Promise<RunsReading> {
    const { definitions, position } = await context.shared.before();
    return new RunsReading(context, definitions, position);
  }

  get api(): DagsterApi {
    return this.context.shared.api;
  }

  /** The filter for runs within the limit of the history; undefined: for all. */
  get within(): RunsFilter | undefined {
    return sinceFloor(this.floor, this.watch.frame);
  }

  /** A run that is too large to be read keeps its stored version. */
  isRead = (id: string): boolean => !this.api.largeRuns.has(id);

  /** Inspects runs, and converts them to rows. */
  rowsOf = async (runs: readonly Run[]): Promise<readonly Row<typeof runsTable>[]> => {
    await this.watch.see(runs);
    return runs.map((run) => runRow(run, this.watch.frame?.shown ?? 0));
  };

  /** A state with what holds now of everything that is kept from sync to sync. */
  keep<T extends object>(state: T): T {
    const { unread: _, floor: __, widening: ___, ...rest } = state as T & Record<string, unknown>;
    const { floor, widening, watch, due, definitions } = this;
    const unread = [...new Set([...due, ...this.api.largeRuns])];
    return {
      ...rest,
      server: definitions.server,
      ...(watch.frame && { frame: watch.frame }),
      ...(unread.length > 0 && { unread }),
      ...(floor !== undefined && { floor }),
      ...(widening && { widening }),
    } as unknown as T;
  }

  /**
   * A state to resume from, with the frame as known by now: what showed it may be stored, and not be requested again. A
   * frame only becomes lower, and so the next window's start earlier.
   */
  resumable(state: RunsState): RunsState {
    return "history" in state ? { history: this.keep(state.history) } : this.keep(state);
  }

  /** Stores the pages of a listing. @param isLast ends it */
  async *store(
    { filter, from, trustShortPage }: Parameters<DagsterApi["runPages"]>[0],
    state: RunsState,
    isLast = (_rows: readonly Run[]) => false,
  ): AsyncGenerator<RunsBatch, void> {
    for await (const { rows } of this.api.runPages({ filter, from, trustShortPage })) {
      const upserts = await this.rowsOf(rows);
      yield batchOf(runsTable, { upserts, state: this.resumable(state) });
      if (isLast(rows)) return;
    }
  }
}

export function isShifted(frame: Frame | undefined): boolean {
  return frame !== undefined && frame.shown !== 0;
}

/** The newest runs, to find the next time how far new ones go. */
export function headOf(rows: readonly Run[]): readonly string[] {
  return rows.slice(0, HEAD_SIZE).map(({ runId }) => runId);
}

export function idsOf(rows: readonly StoredValues[]): readonly string[] {
  return rows.map(({ run_id }) => run_id as string);
}
