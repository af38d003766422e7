import { unwrap } from "@org/dagster-client";
import { batchOf, defineStream, type Position } from "@org/sync-engine/source";
import type { DagsterSync } from "../shared.ts";
import { backfillRow, backfillsTable, isBackfillOpen } from "../tables/backfills.ts";
import { BACKFILLS_PER_PAGE } from "./api.ts";

type BackfillsState = {
  readonly position: Position;
  /** The newest backfill that the last sync saw: the next one reads from the newest to it. */
  readonly head?: string;
};

/**
 * The backfills. They are numbered by insertion, so a sync reads from the newest to the newest of the last sync, and
 * those that had not ended, by their ids. Dagster deletes none.
 */
export const backfills = defineStream<DagsterSync, typeof backfillsTable, BackfillsState>({
  name: "backfills",
  table: backfillsTable,
  revision: 1,
  isOptIn: true,
  needs: ["status"],
  async *read({ shared, streams, state: last, stored, keepsRows, ...context }) {
    const { position } = await shared.before();
    let page = unwrap((await shared.overview("backfills", streams)).backfills, "PartitionBackfills").results;
    const head = page[0]?.id ?? last?.head;
    // It is true once everything down to the previous head is stored.
    const before = last ?? {};
    const seen = new Set<string>();
    for (;;) {
      for (const { id } of page) seen.add(id);
      const isDown = page.length < BACKFILLS_PER_PAGE || page.some(({ id }) => id === last?.head);
      yield batchOf(backfillsTable, { upserts: page.map(backfillRow), state: before as BackfillsState });
      if (isDown) break;
      page = await shared.further.backfills(page.at(-1)?.id);
    }
    const statuses = keepsRows ? await stored.keys(backfillsTable, {}, ["status"]) : [];
    const open = statuses.filter(({ status }) => isBackfillOpen(status)).map(({ id }) => id);
    const due = [...open, ...context.unstored(backfillsTable).map(({ id }) => id)].filter((id) => !seen.has(id));
    for await (const answers of shared.further.backfillsById([...new Set(due)])) {
      yield batchOf(backfillsTable, {
        upserts: answers.flatMap(({ item }) => (item ? [backfillRow(item)] : [])),
        state: before as BackfillsState,
      });
    }
    yield { state: { position, ...(head !== undefined && { head }) } };
  },
});
