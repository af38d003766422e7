/**
 * Reads a history table: first all of it, later what changed since the last sync, what is pending, and what no window
 * shows. Each phase takes a state and returns the next one.
 */
import type { Table } from "@org/destination";
import type { Position, ReadContext, StreamBatch } from "@org/sync-engine/source";
import { floorAt } from "../floor.ts";
import type { ListedRow } from "./ask.ts";
import { changes } from "./changes.ts";
import { differingCounts, numberOfRuns, unknownDags } from "./doubts.ts";
import { recentlyLogged } from "./event-logs.ts";
import { reread, walkHistory } from "./history.ts";
import {
  type AnyKind,
  type AnyReading,
  batchOfLeaf,
  countHeld,
  type Kind,
  type Known,
  keptWith,
  type Reason,
  startReading,
  stateNow,
  type TableBatch,
  unstoredRows,
  type WindowRead,
  withFloor,
} from "./kind.ts";
import { allOutstanding } from "./later-attempts.ts";
import { leaves } from "./leaves.ts";
import { withinLimit } from "./limit.ts";
import { announceDeletions, goneBatch, unpurged } from "./purged.ts";
import type { AirflowScope } from "./scope.ts";
import type { AirflowSync } from "./shared.ts";
import { isSilentEvent } from "./silent-events.ts";
import type { TablePosition, TableState } from "./state.ts";
import type { Counts } from "./unstored.ts";

type Batches<R = void> = AsyncGenerator<TableBatch, R>;

export function readTable<L extends ListedRow, T extends Table>(
  kind: Kind<L, T>,
  context: ReadContext<AirflowSync, TableState>,
): AsyncGenerator<StreamBatch<T, TableState>> {
  // A kind's rows belong to its table, and so do its batches. The phases' types cannot express that.
  return phases(kind as unknown as AnyKind, context) as AsyncGenerator<StreamBatch<T, TableState>>;
}

async function* phases(kind: AnyKind, context: ReadContext<AirflowSync, TableState>): Batches {
  const reading = await startReading(kind, context);
  const { airflow, begun } = reading;
  const { reconcile, keepsRows } = context;
  const version = await airflow.version("version" in begun ? begun.version : undefined, reconcile);
  let state = yield* history(reading, begun);
  if (!state) return;
  if (keepsRows) await addUnknown(reading);
  const { floor } = reading.kept;
  const counted = reconcile ? await kind.countOnServer(airflow, floor) : undefined;
  const settledBefore = floor !== undefined && keepsRows ? await kind.countSettled?.(airflow, floor) : undefined;
  const window = yield* readWindow(reading, state, state.position);
  if (window.saysMore) state = renewed(reading, state);
  yield* settle(reading, state, { ...window, settledBefore });
  const held = await countHeld(reading, kind.listed, ["dag_id"], { floor });
  const dags = floor === undefined ? dagsOf(held) : await heldDags(reading);
  rememberQuiet(reading, held);
  state = settled(reading, { ...state, version: await airflow.version(version, window.brought > 0) }, dags);
  // Changes are stored at this point. A rejected mass deletion must not block the next window.
  yield { state: stateNow(reading, state) };
  if (keepsRows) await kind.check?.(reading, held);
  yield* gone(reading, state, dags);
  yield* widen(reading, state);
  if (kind.later && keepsRows) yield* kind.later(reading, state);
  if (counted) yield* reconcileCounts(reading, state, { held, counted, floor });
  state = yield* readAgain(reading, state);
  if (reconcile) yield { state: stateNow(reading, state), reconciled: true };
}

/** Runs a first sync, or the rest of it. Returns undefined at the end of a sample. */
async function* history(reading: AnyReading, begun: TableState): Batches<TablePosition | undefined> {
  if (!("history" in begun)) return begun;
  const { start, ...from } = begun.history;
  const { floor } = reading.kept;
  if (from.before !== undefined) yield* catchUp(reading, begun, { ...from, start });
  let state: TableState = begun;
  for await (const { reached, ...leaf } of walkHistory(reading.airflow, { ...askOptions(reading), from, floor })) {
    if (leaf.rows.some((row) => reading.kind.saysMore?.(row))) reading.kept = { ...reading.kept, regions: true };
    if (reached) state = reached.before === undefined ? { position: start } : { history: { start, ...reached } };
    yield await batchOfLeaf(reading, leaf, state, "history");
  }
  return reading.context.sampleSince === undefined ? { position: start } : undefined;
}

/** Reads what a longer limit adds to the history, newest first. The floor is its progress. */
async function* widen(reading: AnyReading, state: TablePosition): Batches {
  const { kind, airflow, before, context } = reading;
  const { floor } = reading.kept;
  if (floor === undefined || context.historyMs === undefined) return;
  const wanted = floorAt(before.position.server, context.historyMs);
  if (wanted !== undefined && wanted >= floor) return;
  if (kind.later && context.keepsRows && !reading.kept.outstanding) {
    reading.kept = { ...reading.kept, outstanding: { ...allOutstanding, before: floor } };
  }
  for await (const { reached, ...leaf } of walkHistory(airflow, {
    ...askOptions(reading),
    from: { before: floor },
    floor: wanted,
  })) {
    if (reached) reading.kept = keptWith(reading.kept, "floor", reached.before ?? wanted);
    yield await batchOfLeaf(reading, leaf, state, "history");
  }
}

/** Before a first sync that was interrupted goes on: what is new in the part that it has stored. */
async function* catchUp(
  reading: AnyReading,
  state: TableState,
  { start, before: from }: { readonly start: Position; readonly before?: string },
): Batches {
  const { airflow, before, pending, context } = reading;
  const held = await countHeld(reading, unpurged, ["dag_id"], { floor: undefined });
  for (const dag of airflow.unlisted(dagsOf(held))) pending.keep("unlisted", { dags: [dag] });
  yield* readWindow(reading, state, start);
  const unknown = context.keepsRows
    ? unknownDags(before.runCounts, held).filter((dag) => airflow.isVisible({ dags: [dag] }))
    : [];
  if (unknown.length === 0 || from === undefined) return;
  yield* readScope(reading, state, { dags: unknown, runAfter: { from } }, "history");
}

/** DAGs that have runs on the server but no rows in the table. A window would only bring their recent changes. */
async function addUnknown(reading: AnyReading): Promise<void> {
  const { floor, quiet = [] } = reading.kept;
  const held = await countHeld(reading, unpurged, ["dag_id"], { floor });
  const known = new Set(quiet);
  const unknown = unknownDags(reading.before.runCounts, held).filter((dag) => !known.has(dag));
  reading.pending.add(
    "unlisted",
    unknown.map((dag) => ({ dags: [dag] })),
  );
}

/** DAGs without rows since the floor, although they have runs. They are unknown only until everything has been read. */
function rememberQuiet(reading: AnyReading, held: Counts): void {
  const { floor } = reading.kept;
  const quiet = floor === undefined || !reading.context.keepsRows ? [] : unknownDags(reading.before.runCounts, held);
  reading.kept = keptWith(reading.kept, "quiet", quiet.length > 0 ? quiet : undefined);
}

/** Everything that changed since a position. */
async function* readWindow(reading: AnyReading, state: TableState, from: Position): Batches<WindowRead> {
  const { kind, airflow, pending } = reading;
  const since = await airflow.windowFrom(from);
  const events = silentEvents(reading, since);
  events.catch(() => {}); // Awaited below. Until then, avoid an unhandled rejection.
  const seen = new Set<string>();
  let [brought, saysMore] = [0, false];
  const note = kind.noteWindow?.(airflow, since);
  const dags = reading.before.dags.map(({ dag_id }) => dag_id);
  const { onUnreadable } = pending;
  for await (const { rows } of changes(kind.listing(airflow), since, { dags, onUnreadable })) {
    for (const row of rows) if (kind.unfinished.includes(row.state ?? null)) seen.add(kind.keyOf(row));
    brought += rows.length;
    saysMore ||= rows.some((row) => kind.saysMore?.(row));
    note?.(rows);
    yield await batchOfLeaf(reading, { rows }, state, "window");
  }
  note?.(undefined);
  return { seen, events: await events, brought, saysMore };
}

async function silentEvents({ airflow, context }: AnyReading, since: number): Promise<WindowRead["events"]> {
  const logged = context.streams.has("event_logs") ? await recentlyLogged(airflow, since) : undefined;
  return logged?.filter(isSilentEvent) ?? airflow.silentEvents(since);
}

/** Re-reads all rows, after an update of the server that provides more data for each. */
function renewed(reading: AnyReading, state: TablePosition): TablePosition {
  if (reading.kept.regions) return state;
  reading.kept = { ...reading.kept, regions: true };
  return { ...state, reread: { isRenewal: true } };
}

/** Reads pending scopes, and what no window shows. What cannot be read stays pending. */
async function* settle(reading: AnyReading, state: TablePosition, known: Known): Batches {
  const { kind, airflow, pending, context } = reading;
  for (const scope of kind.unstoredScopes(unstoredRows(reading)).filter(airflow.isVisible)) {
    yield* readScope(reading, state, scope, "unstored");
  }
  for (const { scope, why, of } of pending.due(airflow.isVisible)) {
    yield* readScope(reading, state, scope, why);
    pending.read(of);
  }
  const doubts = context.keepsRows ? await kind.doubts(reading, known) : [];
  for (const scope of doubts) yield* readScope(reading, state, scope, "doubt");
}

async function* readScope(reading: AnyReading, state: TableState, scope: AirflowScope, why: Reason): Batches {
  const { ask, limit, onUnreadable } = askOptions(reading);
  const within = withinLimit(scope, reading.kept.floor);
  if (!within) return;
  for await (const leaf of leaves(ask, within, limit, onUnreadable)) yield await batchOfLeaf(reading, leaf, state, why);
}

/** The state once all changes are stored. Unlisted DAGs become pending, since no later window shows their changes. */
function settled(
  { airflow, pending, before }: AnyReading,
  state: TablePosition,
  dags: readonly string[],
): TablePosition {
  pending.forget("unlisted");
  for (const dag of airflow.unlisted(dags)) pending.keep("unlisted", { dags: [dag] });
  return { ...state, position: before.position };
}

async function* gone(
  { kind, airflow, context, pending, kept }: AnyReading,
  state: TablePosition,
  held: readonly string[],
): Batches {
  const dags = await airflow.gone(held, context.reconcile);
  if (dags.length > 0) yield goneBatch(kind.table, dags, stateNow({ pending, kept }, state));
}

/** Reads DAGs whose number of rows differs between table and server. */
async function* reconcileCounts(
  reading: AnyReading,
  state: TablePosition,
  {
    held,
    counted,
    floor,
  }: { readonly held: Counts; readonly counted: ReadonlyMap<string, number>; readonly floor: string | undefined },
): Batches {
  const { kind, airflow, stored, context } = reading;
  const counts = [counted, ...(kind.countAgain ? [await kind.countAgain(airflow, floor)] : [])];
  const differing = counts
    .flatMap((each) => differingCounts(each, held))
    .filter(({ dag }) => counted.has(dag))
    .filter(({ dag }, index, all) => all.findIndex((each) => each.dag === dag) === index);
  await announceDeletions(airflow, stored, kind.table, differing, context.expectDeletions, withFloor({}, floor));
  for (const { dag } of differing) yield* readScope(reading, state, { dags: [dag] }, "reconcile");
}

/** Re-reads a part of the history: as a scrub, or for what a new revision added. */
async function* readAgain(reading: AnyReading, state: TablePosition): Batches<TablePosition> {
  const { kind, airflow, stored, before, context, begun } = reading;
  const { floor } = reading.kept;
  const isRenewal = state.reread?.isRenewal ?? false;
  if (!isRenewal && (!context.reconcile || "history" in begun)) return state;
  const runs = [...before.runCounts.keys()].reduce((sum, dag) => sum + numberOfRuns(before.runCounts, dag), 0);
  // Without stored rows, one sync's share is computed from the server's number of runs.
  const held = context.keepsRows ? await stored.count(kind.table, withFloor(kind.listed, floor)) : runs;
  let next = state;
  for await (const leaf of reread(airflow, state, { ...askOptions(reading), held, floor })) {
    next = leaf.state;
    yield await batchOfLeaf(reading, leaf, next, isRenewal ? "renewal" : "reread");
  }
  return next;
}

function askOptions({ kind, airflow, pending }: AnyReading) {
  return { ask: kind.listing(airflow).ask, limit: kind.limit(airflow), onUnreadable: pending.onUnreadable };
}

/** The DAGs that the table has rows of, however old. */
async function heldDags(reading: AnyReading): Promise<string[]> {
  return dagsOf(await countHeld(reading, reading.kind.listed, ["dag_id"], { floor: undefined }));
}

function dagsOf(held: Counts): string[] {
  return held.map(({ values }) => values.dag_id as string);
}
