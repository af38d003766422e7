/** What a deploy changes on the Airflow server besides the files: pools, and whether DAGs are paused. */
import { type AirflowClient, createAirflowClient, dags, isErrorOf, pools } from "@org/airflow-client";
import { airflowAuth } from "../../credentials.ts";
import { UsageError } from "../../errors.ts";
import type { Io } from "../../io.ts";
import { proxiedFetch } from "../../proxy.ts";
import { escaped } from "../../render/safe-output.ts";
import { checkAddress } from "../../sources.ts";
import type { FileChange } from "../files.ts";
import { pausedLine } from "./dag-file.ts";
import { scheduleOfFile } from "./names.ts";

/** A change on the server. */
export interface ServerChange {
  /** Human-readable: `pool tenant_acme: 1 slot`. */
  readonly text: string;
  readonly apply: () => Promise<unknown>;
}

/** @param url as in the browser. Credentials come from the environment. @throws UsageError */
export function connectTo(url: string, { env, stderr, signal }: Io): AirflowClient {
  const address = url.replace(/^airflow:/, "");
  checkAddress("airflow", { address, label: "--url" });
  const fetch = proxiedFetch(env, { onNotice: (message) => stderr.write(`dagsync: ${escaped(message)}\n`) });
  return createAirflowClient({ url: address, auth: airflowAuth(env), fetch, signal });
}

/** Creates missing pools, and resizes those of another size. */
export async function poolChanges(
  client: AirflowClient,
  wanted: ReadonlyMap<string, string>,
  slots: number,
): Promise<ServerChange[]> {
  const size = `${slots} ${slots === 1 ? "slot" : "slots"}`;
  const changes = await inOrder([...wanted], async ([name, tenant]): Promise<ServerChange[]> => {
    const found = await orMissing(pools.get(client, name), "/api/v2/pools/{pool_name}");
    if (found?.slots === slots) return [];
    const description = `Created by dagsync deploy airflow: how many jobs of tenant ${tenant} run at once`;
    return [
      found
        ? { text: `pool ${name}: ${found.slots} → ${size}`, apply: () => pools.update(client, name, { slots }) }
        : {
            text: `pool ${name}: ${size}`,
            apply: () => pools.create(client, { name, slots, description, include_deferred: false }),
          },
    ];
  });
  return changes.flat();
}

/**
 * Pauses and resumes the DAGs whose schedules were disabled or enabled since the last deploy. DAGs that were paused by
 * hand stay paused.
 *
 * @throws UsageError if a DAG of the same id exists in another file
 */
export async function pauseChanges(client: AirflowClient, changes: readonly FileChange[]): Promise<ServerChange[]> {
  const turned = changes.filter(
    ({ kind, before, after }) => kind !== "removed" && (kind === "new" || isPausedIn(before) !== isPausedIn(after)),
  );
  const found = await inOrder(turned, async ({ name, kind, after }): Promise<ServerChange[]> => {
    const id = scheduleOfFile(name);
    const params = { path: { dag_id: id } };
    const dag = await orMissing(
      client.GET("/api/v2/dags/{dag_id}", { params }).then(({ data }) => data),
      "/api/v2/dags/{dag_id}",
    );
    // A DAG that the server does not know yet starts as its file says.
    if (!dag) return [];
    const file = dag.relative_fileloc ?? dag.fileloc ?? "";
    if (kind === "new" && !dag.is_stale && file.split("/").at(-1) !== name) {
      throw new UsageError(
        `Schedule "${escaped(id)}": Airflow already has a DAG of that id, from ${escaped(file)}. Rename the schedule, or remove that file.`,
      );
    }
    const isPaused = isPausedIn(after);
    if (dag.is_paused === isPaused) return [];
    const text = `DAG ${id}: ${isPaused ? "paused" : "no longer paused"}`;
    return [{ text, apply: () => (isPaused ? dags.pause(client, id) : dags.unpause(client, id)) }];
  });
  return found.flat();
}

function isPausedIn(text: string): boolean {
  return text.split("\n").includes(pausedLine(true));
}

/** undefined for status 404. */
async function orMissing<T>(
  answer: Promise<T>,
  path: "/api/v2/pools/{pool_name}" | "/api/v2/dags/{dag_id}",
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isErrorOf(error, "GET", path, 404)) return undefined;
    throw error;
  }
}

async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
