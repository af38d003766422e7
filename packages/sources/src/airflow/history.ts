/**
 * A first sync: everything, DAG by DAG, resumable. Small DAGs are read in groups, in the order of their ids; the state
 * says up to which DAG all is stored (a frontier), and within a large DAG up to which `run_after`.
 */
import { inOrder, type Position, parsePosition } from "@org/sync-engine";
import { numberOfRuns, type RunCounts, type RunId } from "./doubts.ts";
import { type Ask, type Leaf, leaves, type OnUnreadable } from "./leaves.ts";

/** How far a first sync is. */
export type HistoryState = {
  /** The server's clock when the first sync began: where the first window begins. */
  readonly start: Position;
  /** All DAGs up to this one are stored. */
  readonly after?: string;
  /** The DAG that comes next, and up to which `run_after` it is stored. */
  readonly dag?: string;
  readonly runAfter?: string;
};

/** A stream's state: a first sync under way, or the position of the last sync. */
export type StreamState =
  | { readonly history: HistoryState }
  | {
      readonly position: Position;
      /** Runs whose tries could not be read: they are asked for again. */
      readonly again?: readonly RunId[];
    };

/** A stream's state as it was stored; a sync without one begins with the history. */
export function parseStreamState(value: unknown, start: Position): StreamState {
  const { position, history, again } = (value ?? {}) as { position?: unknown; history?: HistoryState; again?: RunId[] };
  const known = parsePosition(position);
  if (known) return { position: known, ...(Array.isArray(again) && { again }) };
  return { history: { ...history, start: parsePosition(history?.start) ?? start } };
}

export interface HistoryLeaf<T> extends Leaf<T> {
  /** What is true once the leaf is stored. */
  readonly state: { readonly history: HistoryState };
}

/** Reads what is left of the history, two groups at a time, and yields it in order. */
export async function* history<T extends { readonly run_after: string }>(options: {
  readonly ask: Ask<T>;
  readonly dags: readonly string[];
  readonly runCounts: RunCounts;
  readonly from: HistoryState;
  readonly runsPerGroup: number;
  /** Rows asked for in one answer. */
  readonly limit: number;
  readonly onUnreadable: OnUnreadable;
}): AsyncGenerator<HistoryLeaf<T>> {
  const { ask, from, limit, onUnreadable } = options;
  const readers = groups(options).map(
    (dags) =>
      async function* (): AsyncGenerator<HistoryLeaf<T>> {
        const resumed = dags[0] === from.dag && from.runAfter ? { runAfter: { from: from.runAfter } } : {};
        let end: Omit<HistoryState, "start"> = {};
        for await (const leaf of leaves(ask, { dags, ...resumed }, limit, onUnreadable)) {
          end = reached(dags, leaf);
          yield { ...leaf, state: { history: { start: from.start, ...end } } };
        }
        // Nothing proved the last part to be the last, since something in it cannot be read. There is no more of it.
        if (end.after === undefined) yield { rows: [], state: { history: { start: from.start, after: dags.at(-1)! } } };
      },
  );
  let after = from.after;
  for await (const leaf of inOrder(readers, 2)) {
    const { history } = leaf.state;
    yield { ...leaf, state: { history: { ...(after !== undefined && { after }), ...history } } };
    after = history.after ?? after;
  }
}

/** What a leaf adds to the frontier: the end of its group, or a place within a DAG that is a group of its own. */
function reached(dags: readonly string[], { scope }: Leaf<unknown>): Omit<HistoryState, "start"> {
  if (!scope) return {};
  const to = scope.runAfter?.to;
  if (to === undefined) return { after: dags.at(-1)! };
  return dags.length === 1 ? { dag: dags[0]!, runAfter: to } : {};
}

/** The DAGs that are left, in groups that fit into about one answer; a DAG begun before is a group of its own. */
function groups(options: {
  readonly dags: readonly string[];
  readonly runCounts: RunCounts;
  readonly from: HistoryState;
  readonly runsPerGroup: number;
}): string[][] {
  const { runCounts, from, runsPerGroup } = options;
  const left = options.dags
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
