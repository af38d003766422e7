import {
  batchOf,
  defineStream,
  type Position,
  parsePosition,
  type ReadContext,
  windowStart,
} from "@org/sync-engine/source";
import { timestampOf } from "../../timestamp.ts";
import { filterOffset } from "../frame.ts";
import type { DagsterSync } from "../shared.ts";
import { isOpen } from "../tables/runs.ts";
import { stepRow, stepsTable } from "../tables/steps.ts";
import { deletedRuns } from "./deleted.ts";
import { changedRuns, countEnded, olderRuns, openRuns } from "./ended-runs.ts";

type StepsState = {
  readonly position: Position | null;
  /** Runs that had not ended: their steps are read once they have. */
  readonly open: readonly string[];
  /** Ended runs in the table as of the last sync. If there are more now than have changed, older ones were added. */
  readonly ended: number;
  /** Older runs are left to read: all, or those that last changed before a time. */
  readonly left: "all" | { readonly before: string } | null;
};

/**
 * The steps of runs that have ended: first of those that ended since the last sync, then of older ones, newest first.
 * Which runs these are is read from the table of runs, like a sensor's runs; if this sync did not update it, from the
 * server. A reconcile marks the steps of runs that were deleted.
 */
export const steps = defineStream<DagsterSync, typeof stepsTable, StepsState>({
  name: "steps",
  table: stepsTable,
  revision: 1,
  isOptIn: true,
  async *read(context) {
    const { shared, stored, keepsRows, unstored } = context;
    const { position: now, definitions } = await shared.before();
    const runs = { stored, ended: definitions.statuses.filter((status) => !isOpen(status)) };
    const last = parseStepsState(context.state, now);
    const since = last.position && windowStart(last.position, now, shared.overlapMs);
    if (!keepsRows || !shared.areRunsStored) {
      const updatedAfter = since === null ? undefined : since / 1000 + filterOffset(undefined);
      const filter = { statuses: runs.ended, ...(updatedAfter !== undefined && { updatedAfter }) };
      for await (const { rows } of shared.api.runPages({ filter })) {
        yield* stepsOf(
          rows.map(({ runId }) => runId),
          context,
          last,
        );
      }
      yield { state: { ...last, position: now } };
      return;
    }

    const changed = since === null ? [] : await changedRuns(runs, { since: timestampOf(since), open: last.open });
    const missing = unstored(stepsTable).map(({ run_id }) => run_id);
    yield* stepsOf([...new Set([...changed, ...missing])], context, last);
    const ended = await countEnded(runs);
    const wereAdded = since === null || ended > last.ended + changed.length;
    const open = await openRuns(runs, definitions.statuses);
    let state: StepsState = { position: now, open, ended, left: wereAdded ? "all" : last.left };
    yield { state };

    if (context.reconcile) yield* deletions(context, state);
    if (state.left === null) return;
    let budget = context.outstandingBudget;
    const before = state.left === "all" ? undefined : state.left.before;
    for await (const slice of olderRuns(runs, before, now.server)) {
      const known = new Set((await stored.keys(stepsTable, { run_id: { in: slice.ids } })).map(({ run_id }) => run_id));
      for await (const batch of stepsOf(
        slice.ids.filter((id) => !known.has(id)),
        context,
        state,
      )) {
        yield batch;
        budget -= 1;
        if (budget <= 0) return;
      }
      state = { ...state, left: slice.before === null ? null : { before: slice.before } };
      yield { state };
    }
  },
});

/** Marks the steps of deleted runs. */
async function* deletions(context: ReadContext<DagsterSync, StepsState>, state: StepsState) {
  const held = await context.stored.countBy(stepsTable, {}, ["run_id"]);
  const gone = await deletedRuns(
    held.map(({ values }) => values.run_id),
    context,
  );
  if (gone.length > 0) yield batchOf(stepsTable, { replace: [{ scope: { run_id: { in: gone } }, rows: [] }], state });
  yield { state, reconciled: true as const };
}

/** @param state what is true before all of these are stored */
async function* stepsOf(
  runIds: readonly string[],
  { shared }: Pick<ReadContext<DagsterSync, StepsState>, "shared">,
  state: StepsState,
) {
  for await (const runs of shared.further.steps(runIds)) {
    const upserts = runs.flatMap(({ runId, stepStats }) => stepStats.map((step) => stepRow(runId, step)));
    yield batchOf(stepsTable, { upserts, state });
  }
}

function parseStepsState(value: unknown, now: Position): StepsState {
  const state = (typeof value === "object" && value ? value : {}) as Partial<StepsState>;
  const position = parsePosition(state.position, now);
  if (!position) return { position: null, open: [], ended: 0, left: "all" };
  return { position, open: state.open ?? [], ended: state.ended ?? 0, left: state.left ?? null };
}
