/**
 * Silent runs: they changed without a new timestamp, and so may have their task instances. Only the stream of runs notices,
 * and lists such runs in its state, numbered. The stream of task instances takes over those it has not seen, and stores the
 * last number in its own state. So either stream may fail, or be left out of a sync, and none is lost.
 */
import { type RunId, runKey } from "./keys.ts";
import { type Pending, runScope } from "./pending.ts";

/** A run, or all runs of a DAG. `tries`: its earlier attempts are missing too, as recorded by an older release. */
type Changed = {
  readonly dag_id: string;
  readonly dag_run_id?: string | undefined;
  readonly tries?: true | undefined;
};

/** The list in the state of the runs. */
export type Silent = {
  /** The number of the last change. Numbers only increase. */
  readonly last: number;
  /** Changes that the stream of task instances has not taken over yet. */
  readonly runs: readonly {
    readonly at: number;
    readonly dag_id: string;
    readonly dag_run_id?: string;
    readonly tries?: true;
  }[];
};

/** Up to this many runs are listed individually. Beyond that, all runs of their DAG count as changed. */
const MOST_RUNS = 1000;

/**
 * Adds runs.
 *
 * @param now our clock, in ms since 1970: the numbers start there, so that a new list's are higher than the old one's
 */
export function withSilent(
  silent: Silent = { last: 0, runs: [] },
  changed: readonly Changed[],
  now: number,
): Silent | undefined {
  if (changed.length === 0) return silent.last > 0 ? silent : undefined;
  const at = Math.max(silent.last + 1, now);
  const all = [...silent.runs, ...changed.map((run) => changeOf(at, run))];
  const runs = distinct(all);
  if (runs.length <= MOST_RUNS) return { last: at, runs };
  return { last: at, runs: distinct(runs.map(({ dag_id, tries }) => changeOf(at, { dag_id, tries }))) };
}

/** Drops changes that the stream of task instances has taken over, according to its state. */
export function withoutTaken(silent: Silent | undefined, taskState: unknown): Silent | undefined {
  const { silentSeen: seen } = (taskState ?? {}) as { readonly silentSeen?: unknown };
  if (!silent || typeof seen !== "number" || seen > silent.last) return silent;
  return { ...silent, runs: silent.runs.filter(({ at }) => at > seen) };
}

/** Changes with a higher number, as pending scopes of task instances. */
export function pendingSince({ last, runs }: Silent, seen: number | undefined): Pending[] {
  // A number that this list never assigned means that the list was restarted.
  const known = seen !== undefined && seen <= last ? seen : Number.NEGATIVE_INFINITY;
  return runs
    .filter(({ at }) => at > known)
    .map(({ dag_id, dag_run_id, tries }) => ({
      scope: dag_run_id === undefined ? { dags: [dag_id] } : runScope({ dag_id, dag_run_id }),
      why: tries ? "tries" : "changed",
    }));
}

/** The list in a state of the runs, if it has one. */
export function parseSilent(state: unknown): Silent | undefined {
  const { silent } = (state ?? {}) as { readonly silent?: Partial<Silent> };
  return typeof silent?.last === "number" && Array.isArray(silent.runs) ? (silent as Silent) : undefined;
}

function changeOf(at: number, { dag_id, dag_run_id, tries }: Changed): Silent["runs"][number] {
  return { at, dag_id, ...(dag_run_id !== undefined && { dag_run_id }), ...(tries && { tries }) };
}

/** Removes duplicates, and keeps the latest of each. */
function distinct(runs: Silent["runs"]): Silent["runs"] {
  const keyOf = ({ dag_id, dag_run_id, tries }: Changed) => `${runKey({ dag_id, dag_run_id } as RunId)} ${tries}`;
  return [...new Map(runs.map((run) => [keyOf(run), run])).values()];
}
