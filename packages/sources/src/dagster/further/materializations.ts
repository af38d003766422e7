import { unwrap } from "@org/dagster-client";
import {
  batchOf,
  defineStream,
  isMoment,
  type Position,
  parsePosition,
  type ReadContext,
  windowStart,
} from "@org/sync-engine/source";
import type { DagsterSync } from "../shared.ts";
import { assetId } from "../tables/assets.ts";
import { materializationsTable } from "../tables/materializations.ts";
import { datedEvents } from "./dated-events.ts";
import { deletedRuns, runsWithoutEvents, wipedAssets } from "./deleted.ts";
import { numberedEvents } from "./numbered-events.ts";

/** Assets whose events are stored before the state moves on. */
const ASSETS_PER_STEP = 200;

/** No transaction was open while so many later events were stored: used until there is a mark older than the overlap. */
const NUMBERS_IN_FLIGHT = 1000;

/** At this time, in ms since 1970 by the server's clock, the table held all visible events up to a number. */
type Mark = { readonly at: number; readonly number: number };

type MaterializationsState = {
  readonly position: Position | null;
  /** The newest first. */
  readonly marks: readonly Mark[];
  /** A read in progress, by asset id: those up to this one are done, up to a mark. */
  readonly progress?: { readonly done: string; readonly mark: Mark };
};

/**
 * The events of assets. Dagster numbers them, and tells each asset's newest number, so a sync reads the assets that have
 * events with higher numbers than it stored. A transaction may commit its events after later ones were seen: so it goes
 * back to a number that was reached an overlap before the last sync. Observations are not among these newest ones: that an
 * asset has new ones shows in the time of its last.
 *
 * Before 1.10 there are no numbers: a sync reads the assets that had an event since the last one, less the overlap.
 *
 * The events of deleted runs and wiped assets are marked as deleted; those of an asset that was wiped and materialized
 * again before a sync saw it stay.
 */
export const materializations = defineStream<DagsterSync, typeof materializationsTable, MaterializationsState>({
  name: "materializations",
  table: materializationsTable,
  revision: 1,
  isOptIn: true,
  // Of an asset that was wiped, and materialized since.
  keeps: [{ why: "forgotten", datedBy: "timestamp", per: ["asset_id"] }],
  async *read({ shared, streams, state, stored, reconcile }) {
    const { position: now, definitions } = await shared.before();
    const { further, overlapMs } = shared;
    const last = parseState(state, now);
    const since = last.position ? Math.floor(windowStart(last.position, now, overlapMs)) : undefined;
    if (
      definitions.lackingFields.includes("assetEventHistory") ||
      definitions.lackingFields.includes("latestEventSortKey")
    ) {
      const latest = await further.latestEvents();
      const moved = latest.filter(({ at }) => at !== undefined && at > (since ?? -1)).map(({ path }) => path);
      for await (const upserts of datedEvents(further, moved, since)) {
        yield batchOf(materializationsTable, { upserts, state: last });
      }
      const end: MaterializationsState = { position: now, marks: [] };
      const have = latest.map(({ path, at }) => ({ id: assetId(path), isEmpty: at === undefined }));
      yield* deletions(have, { shared, stored, reconcile }, end);
      return;
    }

    const { events } = await shared.overview("materializations", streams);
    const newest = unwrap(events, "AssetConnection").nodes.map(
      ({ key: { path }, latestEventSortKey, assetObservations: [observed] }) => ({
        id: assetId(path),
        path,
        number: Number(latestEventSortKey ?? -1),
        observedAt: observed && Number(observed.timestamp),
      }),
    );
    // By id, so that one id tells which are done.
    newest.sort((one, other) => (one.id < other.id ? -1 : 1));
    const bound = boundOf(last, overlapMs);
    const done = last.progress;
    const aboveOf = (id: string) => (done && id <= done.done ? done.mark.number : bound);
    const moved = newest.filter(
      ({ id, number, observedAt }) => number > aboveOf(id) || (observedAt !== undefined && observedAt > (since ?? -1)),
    );
    const highest = newest.reduce((most, { number }) => Math.max(most, number), bound);
    const mark = done?.mark ?? { at: now.server, number: highest };
    let begun = last;
    for (let start = 0; start < moved.length; start += ASSETS_PER_STEP) {
      const assets = moved.slice(start, start + ASSETS_PER_STEP).map(({ id, path }) => ({ path, above: aboveOf(id) }));
      for await (const upserts of numberedEvents(further, assets)) {
        yield batchOf(materializationsTable, { upserts, state: begun });
      }
      const end = moved[Math.min(start + ASSETS_PER_STEP, moved.length) - 1]!.id;
      if (!done || end > done.done) begun = { ...last, progress: { done: end, mark } };
    }
    const marks = [mark, ...last.marks];
    // One is needed that is older than the overlap at the next sync.
    const old = marks.findIndex(({ at }) => at <= now.server - overlapMs);
    const end: MaterializationsState = { position: now, marks: old < 0 ? marks : marks.slice(0, old + 1) };
    const have = newest.map(({ id, number, observedAt }) => ({ id, isEmpty: number < 0 && observedAt === undefined }));
    yield* deletions(have, { shared, stored, reconcile }, end);
  },
});

/** Marks what was wiped since; a reconcile also looks for assets that are no longer listed, and for deleted runs. */
async function* deletions(
  assets: readonly { readonly id: string; readonly isEmpty: boolean }[],
  context: Pick<ReadContext<DagsterSync>, "shared" | "stored" | "reconcile">,
  state: MaterializationsState,
) {
  const { shared, stored, reconcile } = context;
  yield { state };
  const empty = assets.filter(({ isEmpty }) => isEmpty).map(({ id }) => id);
  const others = new Set(assets.filter(({ isEmpty }) => !isEmpty).map(({ id }) => id));
  const wiped = await wipedAssets({ ids: reconcile ? undefined : empty, others }, context);
  if (wiped.length > 0)
    yield batchOf(materializationsTable, { replace: [{ scope: { asset_id: { in: wiped } }, rows: [] }], state });
  if (!reconcile) return;
  const runs = (await stored.countBy(materializationsTable, {}, ["run_id"])).map(({ values }) => values.run_id);
  const gone = await runsWithoutEvents(await deletedRuns(runs, context), context);
  if (gone.length > 0)
    yield batchOf(materializationsTable, { replace: [{ scope: { run_id: { in: gone } }, rows: [] }], state });
  if (shared.areRunsStored) yield { state, reconciled: true as const };
}

/** The table holds all events up to this number. */
function boundOf({ position, marks }: MaterializationsState, overlapMs: number): number {
  if (!position) return -1;
  const old = marks.find(({ at }) => at <= position.server - overlapMs);
  const first = marks.at(-1);
  return old?.number ?? (first ? first.number - NUMBERS_IN_FLIGHT : -1);
}

function parseState(value: unknown, now: Position): MaterializationsState {
  const { position, marks, progress } = (
    typeof value === "object" && value ? value : {}
  ) as Partial<MaterializationsState>;
  const isMark = (mark: Mark | undefined) => isMoment(mark?.at) && typeof mark?.number === "number";
  const begun = progress && typeof progress.done === "string" && isMark(progress.mark) ? { progress } : {};
  const found = parsePosition(position, now);
  return { position: found ?? null, marks: found && marks?.every(isMark) ? marks : [], ...begun };
}
