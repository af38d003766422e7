import type { DagsterPage, DagsterRun } from "@org/dagster-client";
import { batchOf, defineStream, type StreamBatch, windowStart } from "@org/sync-engine";
import { HEAD_SIZE } from "./api.ts";
import { FrameWatch, filterOffset, nextPosition } from "./frame.ts";
import { parseRunsState, type RunsPosition } from "./runs-state.ts";
import type { DagsterSync } from "./shared.ts";
import { isOpen, runRow, runsTable } from "./tables/runs.ts";

/**
 * The runs. A first sync reads them all, from the newest; every sync then asks three things at once:
 *
 * - the window: what changed since the last sync by the `updateTime` that it shows;
 * - the runs that the table holds as open, by their ids: an end may be written with a time long past;
 * - the head: the newest by insertion, and on from there to the newest one that the last sync saw. A run may have begun
 *   and ended in between, with times long past.
 *
 * Rows are stored in the order in which they were read, so that an older version never replaces a newer one.
 */
export const runs = defineStream<DagsterSync, typeof runsTable>({
  name: "runs",
  table: runsTable,
  revision: 1,
  async *read({ shared: { api, overlapMs, before }, state: storedState, stored, emit }) {
    const { position: now, definitions } = await before();
    const begun = parseRunsState(storedState, now);
    const known = "history" in begun ? begun.history.frame : begun.frame;
    const watch = new FrameWatch(known, now.server, api.filtered);
    const withFrame = <T>(state: T) => ({ ...state, ...(watch.frame && { frame: watch.frame }) });
    const rowsOf = async (found: readonly DagsterRun[]) => {
      await watch.see(found);
      return found.map((run) => runRow(run, watch.frame?.shown ?? 0));
    };

    let state: RunsPosition;
    if ("history" in begun) {
      let { history } = begun;
      for await (const { rows, pageToken } of api.runPages({ from: history.pageToken })) {
        const upserts = await rowsOf(rows);
        history = withFrame({ ...history, head: history.head ?? headOf(rows), pageToken });
        yield batchOf(runsTable, { upserts, state: { history } });
      }
      state = withFrame({ position: history.start, head: history.head ?? [] });
    } else {
      state = begun;
    }

    const from = windowStart(state.position, now, overlapMs);
    const window = (offset: number) => ({ updatedAfter: from / 1000 + offset, statuses: definitions.statuses });
    const open = await stored.keys(runsTable, { status: { in: definitions.statuses.filter(isOpen) } });
    const chunks = inChunks(
      open.map(({ run_id }) => run_id as string),
      api.pageSize,
    );
    const asked = chunks.shift() ?? [];
    let offset = filterOffset(watch.frame);
    const changes = await api.runChanges(window(offset), asked);
    // All are looked at before any is stored, so that they are stored in one frame.
    await watch.see([...changes.window, ...changes.open, ...changes.head]);
    const others = new Map([...changes.window, ...changes.head].map((run) => [run.runId, run]));
    for (const id of asked) others.delete(id);
    const upserts = await rowsOf([...others.values()]);
    yield batchOf(runsTable, { replace: [these(asked, await rowsOf(changes.open))], upserts, state });

    for (const ids of chunks) {
      yield batchOf(runsTable, { replace: [these(ids, await rowsOf(await api.runsById(ids)))], state });
    }

    async function* store(
      pages: AsyncIterable<DagsterPage<DagsterRun>>,
      isLast = (_rows: readonly DagsterRun[]) => false,
    ): AsyncGenerator<StreamBatch> {
      for await (const { rows } of pages) {
        yield batchOf(runsTable, { upserts: await rowsOf(rows), state });
        if (isLast(rows)) return;
      }
    }
    if (changes.window.length >= api.pageSize) {
      const next = changes.window.at(-1)?.runId;
      yield* store(api.runPages({ filter: window(offset), from: next, trustShortPage: true }));
    }
    // Its rows may show that the window began too late.
    while (filterOffset(watch.frame) < offset) {
      offset = filterOffset(watch.frame);
      yield* store(api.runPages({ filter: window(offset), trustShortPage: true }));
    }

    const anchors = new Set(state.head);
    const isMet = (found: readonly DagsterRun[]) => found.some(({ runId }) => anchors.has(runId));
    if (changes.head.length >= HEAD_SIZE && !isMet(changes.head)) {
      yield* store(api.runPages({ from: changes.head.at(-1)?.runId, trustShortPage: true }), isMet);
    }

    if (watch.frame && watch.frame.shown !== (known?.shown ?? 0)) {
      const message = `Dagster's database is not in UTC: its times are ${watch.frame.shown / 3600} hours ahead. They are stored in true UTC.`;
      emit({ type: "notice", code: "DATABASE_NOT_IN_UTC", message });
    }
    const position = nextPosition(state.position, now, { from, lastEnd: watch.lastEnd, overlapMs });
    yield { state: withFrame({ position, head: headOf(changes.head) }) };
  },
});

/** In the scope of these ids, these runs and no others: one that was asked for by its id and did not come is gone. */
function these(ids: readonly string[], rows: readonly ReturnType<typeof runRow>[]) {
  return { scope: { run_id: { in: ids } }, rows };
}

function headOf(rows: readonly DagsterRun[]): readonly string[] {
  return rows.slice(0, HEAD_SIZE).map(({ runId }) => runId);
}

function inChunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
