/**
 * Lists all DAGs, of a server that lists them only by offset, has its own page size, and changes during the listing.
 */
import type { Dag } from "@org/airflow-client";
import { SyncError } from "@org/sync-engine";
import { createWalk, type Position } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import type { Ask, OnUnreadable } from "./ask.ts";
import { LARGEST_PAGE } from "./listings.ts";
import { caught500 } from "./server-errors.ts";
import { readAround } from "./unreadable.ts";

/** What the server listed before a sync read anything else. */
export interface ListedDags {
  readonly position: Position;
  readonly dags: readonly Dag[];
}

/** After this many consecutive steps back, the listing is given up. */
const MOST_STEPS_BACK = 10;

/**
 * All DAGs that existed from the beginning of the listing to its end, and some of those created or deleted during it.
 *
 * Every page should start with a known DAG: since the server keeps one order, nothing before it was missed then. If
 * deletions shifted the rest forward, the page starts with an unknown one, and the page before it is requested again.
 * So changes in a list of thousands cost one page, not all of them.
 */
export async function allDags(
  api: Pick<AirflowApi, "dagsPage">,
  onUnreadable: OnUnreadable,
  wasUnwell = false,
): Promise<readonly Dag[]> {
  const known = new Map<string, Dag>();
  const walk = createWalk("DAGs");
  let pageSize = 0;
  let offset = 0;
  for (let stepsBack = 0; stepsBack < MOST_STEPS_BACK; ) {
    // A page of one could not start with a known DAG.
    const page = await api.dagsPage(offset, LARGEST_PAGE, { least: 2 }).catch(caught500);
    if (page instanceof Error) {
      const readable = await readableDags(api, page, onUnreadable);
      if (readable) return readable;
      if (wasUnwell) throw page;
      return allDags(api, onUnreadable, true);
    }
    const { dags, total, limit = LARGEST_PAGE } = page;
    walk.page(dags.map(({ dag_id }) => dag_id));
    pageSize = Math.max(pageSize, dags.length);
    const [first] = dags;
    if (offset > 0 && !(first && known.has(first.dag_id))) {
      stepsBack += 1;
      offset = Math.max(0, offset - pageSize * stepsBack);
      continue;
    }
    for (const dag of dags) known.set(dag.dag_id, dag);
    // A later page that is full may have lost its last row to a DAG created after the server had counted, and a total
    // lower than the number of rows proves nothing: a page that is not full does.
    const isShort = dags.length < Math.min(pageSize, limit);
    const isLast = offset === 0 ? dags.length === total : offset + dags.length >= total && isShort;
    if (isLast) return [...known.values()];
    // A page with only known DAGs leads no further: requested again, it has more, or its total is lower.
    stepsBack = dags.length < 2 ? stepsBack + 1 : 0;
    offset += Math.max(0, dags.length - 1);
  }
  throw new SyncError(
    "UNSTEADY_SERVER",
    "The list of DAGs changed ten times while it was read, or its pages contradict its count. Sync again when fewer DAGs come and go.",
    { retryable: true },
  );
}

/**
 * The DAGs that the server can serialize. One that is not among them is requested by its id before it counts as
 * deleted. Undefined if it can serialize all of them, and only failed temporarily.
 */
async function readableDags(
  api: Pick<AirflowApi, "dagsPage">,
  cause: Error,
  onUnreadable: OnUnreadable,
): Promise<readonly Dag[] | undefined> {
  const known = new Map<string, Dag>();
  const ask: Ask<Dag> = async (_, limit, { probe } = {}) => {
    const { dags, total } = await api.dagsPage(probe?.offset ?? 0, limit, { serverErrorRetries: 1 });
    return { rows: dags, total, limit, ordered: true };
  };
  const parts = readAround(ask, {}, LARGEST_PAGE, { cause, onUnreadable, name: "the list of DAGs" });
  for (;;) {
    const part = await parts.next();
    if (part.done) return part.value ? [...known.values()] : undefined;
    for (const dag of part.value.rows) known.set(dag.dag_id, dag);
  }
}
