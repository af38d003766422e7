import type { ReadContext } from "@org/sync-engine/source";
import type { ListedRow } from "./ask.ts";
import { numberOfRuns } from "./doubts.ts";
import { key } from "./keys.ts";
import type { Before } from "./shared.ts";
import type { TableState } from "./state.ts";

interface HistoryReading {
  readonly context: Pick<ReadContext, "emit">;
  readonly before: Before;
  readonly begun: TableState;
  readonly kept: { readonly floor?: string | undefined };
  historyRead: number;
}

/**
 * Emits how much of the history is read once these rows are. Call with the rows of each leaf: it has all rows of its runs,
 * so each run counts once.
 *
 * @param state the one that becomes true with them
 */
export function tellProgress(reading: HistoryReading, rows: readonly ListedRow[], state: TableState): void {
  const { context, before, begun, kept } = reading;
  reading.historyRead += new Set(rows.map(({ dag_id, dag_run_id }) => key(dag_id, dag_run_id))).size;
  // How much an interrupted sync has left is unknown, and so is how much there is since a floor.
  const isAll = "history" in begun && Object.keys(begun.history).length === 1 && kept.floor === undefined;
  const counts = before.runCounts;
  const total = isAll ? [...counts.keys()].reduce((sum, dag) => sum + numberOfRuns(counts, dag), 0) : null;
  const backTo = "history" in state ? (state.history.before ?? null) : null;
  context.emit({ type: "progress", done: reading.historyRead, total, backTo });
}
