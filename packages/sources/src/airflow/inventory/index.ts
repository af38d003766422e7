/** Airflow data that is not synced but that a backup may want. Read completely, on demand. */
import { type AirflowClient, AirflowError, paginate } from "@org/airflow-client";
import type { Row, Table } from "@org/destination";
import type { Inventory, Request } from "@org/sync-engine/source";
import { timeColumn } from "../../timestamp.ts";
import { identityOf } from "../keys.ts";
import { connectionRow, connectionsTable, variableRow, variablesTable } from "../tables/named.ts";
import { dagSourcesTable, poolsTable, xcomsTable } from "./tables.ts";

const XCOMS = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries";
/** Rows per batch, for rows that arrive one at a time. */
const ROWS_AT_ONCE = 100;
/** How often to re-read a list that changed during the read. */
const MOST_READS = 5;

export function airflowInventory(client: AirflowClient): Readonly<Record<string, Inventory>> {
  return {
    sources: kind(dagSourcesTable, ({ request }) => readSources(client, request)),
    pools: kind(poolsTable, ({ request }) =>
      readList(
        request,
        (get) => paginate(get(client), "/api/v2/pools"),
        ({ name, slots, include_deferred, description, team_name }) => ({
          ...{ name, slots, include_deferred },
          description: description ?? null,
          team_name: team_name ?? null,
        }),
      ),
    ),
    // The server sends values with the names. Only the names are read.
    variables: kind(variablesTable, ({ request }) =>
      readList(request, (get) => paginate(get(client), "/api/v2/variables"), variableRow),
    ),
    connections: kind(connectionsTable, ({ request }) =>
      readList(request, (get) => paginate(get(client), "/api/v2/connections"), connectionRow),
    ),
    xcoms: kind(xcomsTable, async function* ({ request }) {
      for await (const { dag_id } of dagsOf(client, request)) yield* readXComs(client, request, dag_id);
    }),
  };
}

/** Checks the rows of an inventory against its table. */
function kind<T extends Table>(table: T, read: Inventory<T>["read"]): Inventory {
  return { table, read } as unknown as Inventory;
}

/** A client whose requests are retried like those of a sync. */
type Repeating = (client: AirflowClient) => Pick<AirflowClient, "GET">;

const repeatingBy =
  (request: Request): Repeating =>
  (client) => {
    const get = client.GET as unknown as (path: string, init: object) => Promise<unknown>;
    const repeated = (path: string, init: object) => request(`GET ${path}`, (signal) => get(path, { ...init, signal }));
    return { GET: repeated as unknown as AirflowClient["GET"] };
  };

interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly total: number | null;
}

/**
 * Lists are read by offset, so a row is skipped if an earlier one is deleted during the read. So the number of rows is
 * compared with the server's count, and the list is read again if it is lower.
 */
async function* readList<Item, R>(
  request: Request,
  pages: (get: Repeating) => AsyncIterable<ListPage<Item>>,
  rowOf: (item: Item) => R,
): AsyncGenerator<readonly R[]> {
  for (let read = 1; ; read += 1) {
    let [came, counted] = [0, 0];
    for await (const { items, total } of pages(repeatingBy(request))) {
      came += items.length;
      counted = total ?? came;
      if (items.length > 0) yield items.map(rowOf);
    }
    if (came >= counted || read === MOST_READS) return;
  }
}

async function* dagsOf(client: AirflowClient, request: Request): AsyncGenerator<{ readonly dag_id: string }> {
  // Including DAGs whose files are gone, since their runs and XComs still exist.
  const query = { exclude_stale: false, order_by: ["dag_id"] } as const;
  for await (const { items } of paginate(repeatingBy(request)(client), "/api/v2/dags", { params: { query } })) {
    yield* items;
  }
}

async function* readXComs(client: AirflowClient, request: Request, dagId: string) {
  const path = { dag_id: dagId, dag_run_id: "~", task_id: "~" };
  yield* readList(
    request,
    (get) => paginate(get(client), XCOMS, { params: { path } }),
    ({ run_id, key, timestamp, ...item }): Row<typeof xcomsTable> => ({
      ...identityOf({ ...item, dag_run_id: run_id }),
      key,
      timestamp: timeColumn(timestamp),
    }),
  );
}

async function* readSources(client: AirflowClient, request: Request) {
  let rows: Row<typeof dagSourcesTable>[] = [];
  for await (const { dag_id } of dagsOf(client, request)) {
    const source = await sourceOf(client, request, dag_id);
    if (source) rows.push(source);
    if (rows.length < ROWS_AT_ONCE) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}

/** A DAG's source. Undefined if the server has none, or the DAG has been deleted since. */
async function sourceOf(client: AirflowClient, request: Request, dagId: string) {
  const path = "/api/v2/dagSources/{dag_id}";
  try {
    const { data } = await request(`GET ${path}`, (signal) =>
      client.GET(path, { params: { path: { dag_id: dagId } }, signal }),
    );
    // A text response has no version number.
    const { version_number = null, content } = typeof data === "string" ? { content: data } : data;
    return { dag_id: dagId, version_number, content };
  } catch (error) {
    if (error instanceof AirflowError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
