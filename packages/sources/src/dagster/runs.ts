import type { Run } from "@org/dagster-client";
import type { RowPage } from "@org/dagster-client/sync";
import type { StoredValues } from "@org/destination";
import { batchOf, defineStream, windowStart } from "@org/sync-engine/source";
import { type Frame, FrameWatch, filterOffset, nextPosition } from "./frame.ts";
import { HEAD_SIZE } from "./run-changes.ts";
import { inChunks, type RunsBatch, reconcileRuns, these } from "./runs-reconcile.ts";
import { nextReread, rereadRuns } from "./runs-reread.ts";
import { parseRunsState, type RunsPosition, type RunsState } from "./runs-state.ts";
import type { DagsterSync } from "./shared.ts";
import { isOpen, runRow, runsTable } from "./tables/runs.ts";

/**
 * The runs. A first sync reads them all, newest first. Every later sync requests three things at once:
 *
 * - the window: changes since the last sync by the displayed `updateTime`;
 * - the table's open runs, by their ids: an end may be written with a time long past;
 * - the head: the newest by insertion, and on from there to the newest one that the last sync saw. A run may have
 *   started and ended in between, with times long past.
 *
 * Rows are stored in the order in which they were read, so that an older version never replaces a newer one.
 *
 * After that the table holds every run that the server had before the sync. So if both counts are equal, they hold the
 * same runs; if not, a sync that looks for deletions compares all ids. It also re-reads a part of the runs, for those
 * that changed without a trace.
 */
export const runs = defineStream<DagsterSync, typeof runsTable, RunsState>({
  name: "runs",
  table: runsTable,
  revision: 1,
  needs: ["status", "tags", "repository", "code_location"],
  sampleBy: "update_time",
  async *read(context) {
    const { state: storedState, stored, reconcile, emit, sampleSince } = context;
    const { api, overlapMs, before } = context.shared;
    const { position: now, definitions } = await before();
    const { server } = definitions;
    const begun = parseRunsState(storedState, now, server.lacks);
    const { frame: known, server: knownServer } = "history" in begun ? begun.history : begun;
    const watch = new FrameWatch(known, now.server, api.filtered, knownServer?.version === server.version);
    let { unread: due = [] } = "history" in begun ? begun.history : begun;
    const isRead = (id: string) => !api.largeRuns.has(id);
    const withFrame = <T extends object>({ unread: _, ...state }: T & { readonly unread?: unknown }) => {
      const unread = [...new Set([...due, ...api.largeRuns])];
      return { ...state, server, ...(watch.frame && { frame: watch.frame }), ...(unread.length > 0 && { unread }) };
    };
    const rowsOf = async (found: readonly Run[]) => {
      await watch.see(found);
      return found.map((run) => runRow(run, watch.frame?.shown ?? 0));
    };

    let state: RunsPosition;
    if ("history" in begun) {
      let { history } = begun;
      // While the frame is unknown, the window of a sample starts as early as it may have to.
      const filter = sampleSince !== undefined && { updatedAfter: sampleSince / 1000 + filterOffset(undefined) };
      for (let isDone = false; !isDone; ) {
        isDone = true;
        for await (const { rows, pageToken } of api.runPages({ from: history.pageToken, ...(filter && { filter }) })) {
          const hadFrame = watch.frame !== undefined;
          const upserts = await rowsOf(rows);
          // The pages before it were stored with uncorrected times: read them again from the first one.
          isDone = hadFrame || !isShifted(watch.frame) || history.pageToken === undefined;
          if (!isDone) break;
          history = withFrame({ ...history, head: history.head ?? headOf(rows), pageToken });
          yield batchOf(runsTable, { upserts, state: { history } });
        }
        if (!isDone) history = withFrame({ start: history.start });
      }
      if (sampleSince !== undefined) return;
      state = withFrame({ position: history.start, head: history.head ?? [] });
    } else {
      state = begun;
    }

    const from = windowStart(state.position, now, overlapMs);
    const window = (offset: number) => ({ updatedAfter: from / 1000 + offset, statuses: definitions.statuses });
    const open = await stored.keys(runsTable, { status: { in: definitions.statuses.filter(isOpen) } });
    const idsOf = (rows: readonly StoredValues[]) => rows.map(({ run_id }) => run_id as string);
    const chunks = inChunks(
      [...new Set([...idsOf(open), ...idsOf(context.unstored(runsTable)), ...due])],
      api.pageSize,
    );
    const asked = chunks.shift() ?? [];
    const hadFrame = watch.frame !== undefined;
    let offset = filterOffset(watch.frame);
    // A first sync has just read them all.
    const reread = reconcile && !("history" in begun) ? await nextReread(context, state) : undefined;
    const changes = await api.runChanges(window(offset), asked, { withCount: reconcile, again: reread });
    const isAsked = new Set(asked);
    const unseen = new Set(asked);
    for (const { runId } of changes.open) unseen.delete(runId);
    const stillOpen = [...changes.open, ...(await api.runsById([...unseen]))];
    // All are inspected before any is stored, so that they are stored in one frame.
    await watch.see([...changes.again, ...changes.window, ...stillOpen, ...changes.head]);
    const others = newestOf(changes.again, changes.window, changes.head).filter(({ runId }) => !isAsked.has(runId));
    const upserts = await rowsOf(others);
    yield batchOf(runsTable, { replace: [these(asked.filter(isRead), await rowsOf(stillOpen))], upserts, state });
    let vanished = asked.filter(isRead).length - stillOpen.length;

    for (const ids of chunks) {
      const rows = await rowsOf(await api.runsById(ids));
      vanished += ids.filter(isRead).length - rows.length;
      yield batchOf(runsTable, { replace: [these(ids.filter(isRead), rows)], state });
    }

    due = [];
    async function* store(
      pages: AsyncIterable<RowPage<Run>>,
      isLast = (_rows: readonly Run[]) => false,
    ): AsyncGenerator<RunsBatch> {
      for await (const { rows } of pages) {
        yield batchOf(runsTable, { upserts: await rowsOf(rows), state });
        if (isLast(rows)) return;
      }
    }
    if (changes.isWindowFull) {
      const next = changes.window.at(-1)?.runId;
      yield* store(api.runPages({ filter: window(offset), from: next, trustShortPage: true }));
    }
    // Its rows may show that the window started too late.
    while (filterOffset(watch.frame) < offset) {
      offset = filterOffset(watch.frame);
      yield* store(api.runPages({ filter: window(offset), trustShortPage: true }));
    }

    let { head, count } = changes;
    let anchors = new Set(state.head);
    const isMet = (found: readonly Run[]) => found.some(({ runId }) => anchors.has(runId));
    while (head.length >= HEAD_SIZE && !isMet(head)) {
      yield* store(api.runPages({ from: head.at(-1)?.runId, trustShortPage: true }), isMet);
      if (!reconcile) break;
      // A run that was counted and deleted before it was read would cancel out a deletion: repeat until the newest runs
      // arrive together with their count.
      anchors = new Set(headOf(head));
      const again = await api.runChanges(window(offset), [], { withCount: reconcile });
      ({ head, count } = again);
      yield batchOf(runsTable, { upserts: await rowsOf(newestOf(again.window, head)), state });
    }

    // Until a run showed the frame, times were stored uncorrected.
    if (!hadFrame && isShifted(watch.frame)) yield* store(api.runPages({}));

    if (watch.frame && watch.frame.shown !== (known?.shown ?? 0)) {
      const message = `Dagster's database is not in UTC: its times are ${watch.frame.shown / 3600} hours ahead. They are stored in UTC.`;
      emit({ type: "notice", code: "DATABASE_NOT_IN_UTC", message });
    }
    const position = nextPosition(state.position, now, { from, lastEnd: watch.lastEnd, overlapMs });
    let ended: RunsPosition = withFrame({
      position,
      asOf: now.server,
      head: headOf(head),
      ...(state.reread && { reread: state.reread }),
    });
    yield { state: ended };
    const unstored = idsOf(context.unstored(runsTable));
    context.shared.areRunsStored = unstored.length === 0;

    if (!reconcile) return;
    const absent = [...new Set([...unstored, ...api.largeRuns])];
    const lacking = absent.length - (await stored.count(runsTable, { run_id: { in: absent } }));
    // The vanished ones may have existed when the runs were counted.
    const counted = (await stored.count(runsTable, {})) + lacking + vanished;
    if (counted !== count) yield* reconcileRuns(context, { rowsOf, state: ended });
    if (reread) {
      for await (const batch of rereadRuns(context, reread, { changes, rowsOf, state: ended })) {
        ended = withFrame(batch.state);
        yield { ...batch, state: ended };
      }
    }
    yield { state: ended, reconciled: true };
  },
});

/** The runs of both, each once, as in the later one. */
function newestOf(...lists: readonly (readonly Run[])[]): readonly Run[] {
  return [...new Map(lists.flat().map((run) => [run.runId, run])).values()];
}

function isShifted(frame: Frame | undefined): boolean {
  return frame !== undefined && frame.shown !== 0;
}

function headOf(rows: readonly Run[]): readonly string[] {
  return rows.slice(0, HEAD_SIZE).map(({ runId }) => runId);
}
