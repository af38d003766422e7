/**
 * Reads everything, DAG by DAG, resumably: at once in a first sync, or little by little. Small DAGs are read in groups,
 * ordered by id; a frontier says up to which DAG everything is stored, and within a large DAG up to which `run_after`.
 */
import { inOrder } from "@org/sync-engine/source";
import { timestampOf } from "../timestamp.ts";
import type { Ask, Leaf, ListedRow, OnUnreadable } from "./ask.ts";
import { numberOfRuns } from "./doubts.ts";
import { leaves } from "./leaves.ts";
import type { AirflowSync, Before } from "./shared.ts";
import type { Frontier, TablePosition } from "./state.ts";

export interface HistoryLeaf<T> extends Leaf<T> {
  /** Reached once the leaf is stored. */
  readonly frontier: Frontier;
}

interface HistoryOptions<T> {
  readonly ask: Ask<T>;
  readonly onUnreadable: OnUnreadable;
  /** The number of rows per response. */
  readonly limit: number;
  readonly from: Frontier;
  /** Groups read at the same time. @default 2 */
  readonly ahead?: number;
  /** Excludes runs that were due before, ms since 1970. @default none */
  readonly since?: number | undefined;
}

/** Reads the rest of the history, and yields it in order. */
export async function* walkHistory<T extends ListedRow>(
  airflow: AirflowSync,
  { ask, onUnreadable, limit, from, ahead = 2, since }: HistoryOptions<T>,
): AsyncGenerator<HistoryLeaf<T>> {
  const readers = groups(await airflow.before(), from, airflow.runsPerAnswer / 2).map(
    (dags) =>
      async function* (): AsyncGenerator<HistoryLeaf<T>> {
        const begin = dags[0] === from.dag && from.runAfter ? from.runAfter : since && timestampOf(since);
        const runAfter = begin ? { from: begin } : undefined;
        let frontier: Frontier = {};
        for await (const leaf of leaves(ask, { dags, ...(runAfter && { runAfter }) }, limit, onUnreadable)) {
          frontier = reached(dags, leaf);
          yield { ...leaf, frontier };
        }
        // The last part was not proven to be the last, since something in it cannot be read. There is no more of it.
        if (frontier.after === undefined) yield { rows: [], frontier: { after: dags.at(-1)! } };
      },
  );
  let { after } = from;
  for await (const leaf of inOrder(readers, ahead)) {
    yield { ...leaf, frontier: { ...(after !== undefined && { after }), ...leaf.frontier } };
    after = leaf.frontier.after ?? after;
  }
}

/** A thirtieth at each reconcile, once a day: what neither windows nor doubts show is correct after a month. */
const SCRUBS = 30;
/** A tenth at each sync, if the rows lack what a new revision adds. */
const RENEWALS = 10;

/**
 * Re-reads a part of the history, starting where the last one stopped; after its end it starts over.
 *
 * @param held the table's number of rows
 */
export async function* reread<T extends ListedRow>(
  airflow: AirflowSync,
  { reread: from = {}, ...state }: TablePosition,
  { held, ...options }: Pick<HistoryOptions<T>, "ask" | "limit" | "onUnreadable"> & { readonly held: number },
): AsyncGenerator<Leaf<T> & { readonly state: TablePosition }> {
  const share = held / (from.isRenewal ? RENEWALS : SCRUBS);
  let read = 0;
  for await (const { frontier, ...leaf } of walkHistory(airflow, { ...options, from, ahead: 1 })) {
    yield { ...leaf, state: { ...state, reread: { ...frontier, ...(from.isRenewal && { isRenewal: true }) } } };
    read += leaf.rows.length;
    if (read >= share && (frontier.after !== from.after || frontier.runAfter !== from.runAfter)) return;
  }
  yield { rows: [], state };
}

/** What a leaf adds to the frontier: the end of its group, or a place within a DAG that forms its own group. */
function reached(dags: readonly string[], { scope }: Leaf<unknown>): Frontier {
  if (!scope) return {};
  const to = scope.runAfter?.to;
  // A group may have been read DAG by DAG.
  const read = scope.dags ?? dags;
  if (to === undefined) return { after: read.at(-1)! };
  return read.length === 1 ? { dag: read[0]!, runAfter: to } : {};
}

/** The remaining DAGs, in groups that fit into about one response; a DAG that was started forms its own group. */
function groups({ dags, runCounts }: Before, from: Frontier, runsPerGroup: number): string[][] {
  const left = dags
    .map(({ dag_id }) => dag_id)
    .filter((dag) => from.after === undefined || dag > from.after)
    .sort((a, b) => (a < b ? -1 : 1));
  const result: string[][] = [];
  let runs = 0;
  for (const dag of left) {
    const group = result.at(-1);
    const count = numberOfRuns(runCounts, dag);
    if (!group || runs + count > runsPerGroup || dag === from.dag || group[0] === from.dag) {
      result.push([dag]);
      runs = count;
    } else {
      group.push(dag);
      runs += count;
    }
  }
  return result;
}
