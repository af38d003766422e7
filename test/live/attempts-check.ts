/** Checks a table after a sync of a changing server against all versions that the server held. */
import type { Batch, Destination, Scope, Session, StoredValues } from "@org/destination";
import { wrapSession } from "@org/destination/adapter";
import { taskInstancesTable } from "@org/sources/airflow";
import { differences, type PlainRow } from "@org/testkit/compare";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { everyVersion, type Version, versionsBetween } from "@org/testkit/servers/airflow-attempts-log";
import { isAtLeast } from "@org/testkit/servers/for-version";

const finalStates = ["success", "failed", "skipped", "upstream_failed", "removed"];
const isFinal = ({ state }: PlainRow) => finalStates.includes(String(state));

/** A sync between two snapshots of the server, and the table's task instances before and after it. */
export interface Synced {
  readonly server: Pick<AirflowServer, "query" | "version">;
  readonly from: string;
  readonly to: string;
  readonly before: readonly PlainRow[];
  readonly after: readonly PlainRow[];
  /** The dag runs after it. */
  readonly runs: readonly PlainRow[];
}

const taskKey = (row: PlainRow) =>
  JSON.stringify([
    row.dag_id,
    row.dag_run_id,
    row.task_id,
    ...[row.map_index, row.region_id ?? "", row.region_index ?? -1].map((part) =>
      typeof part === "bigint" ? Number(part) : part,
    ),
  ]);
const runKey = (row: PlainRow) => JSON.stringify([row.dag_id, row.dag_run_id]);

/** Whether the API can return a run's attempts: its URLs cannot contain a slash. */
const isAddressable = (row: PlainRow): boolean => !String(row.dag_run_id).includes("/");

/**
 * Lists what is wrong with the runs and task instances, one per line. Empty if correct. Every row must be as the server
 * held it at the sync's start or later, and a task instance must be complete.
 */
export async function wrongAfter(synced: Synced): Promise<string[]> {
  const { server, from, to, before, after, runs } = synced;
  const held = await versionsBetween(server, "task_instance", from, to);
  const wrong = [
    ...unlikeAny(runs, await versionsBetween(server, "dag_run", from, to), runKey),
    ...unlikeAny(
      after.filter(({ is_latest }) => is_latest),
      held,
      taskKey,
    ),
  ];
  const history = await versionsBetween(server, "task_instance_history", from, to);
  const earlierOf = Map.groupBy(history.values(), ([version]) => taskKey(version!.content));
  const seenBefore = Map.groupBy(before, taskKey);
  for (const [key, rows] of Map.groupBy(after, taskKey)) {
    const latest = rows.filter(({ is_latest }) => is_latest);
    const number = Number(latest[0]?.try_number);
    if (latest.length !== 1) wrong.push(`${key} has ${latest.length} latest rows`);
    const earlier = new Map(rows.filter(({ is_latest }) => !is_latest).map((row) => [Number(row.try_number), row]));
    for (const versions of earlierOf.get(key) ?? []) {
      const tried = Number(versions[0]?.content.try_number);
      const isThere = versions[0]?.wasThere && versions.every(({ gone }) => !gone);
      if (!isThere || !isAddressable(latest[0] ?? {}) || tried < 1 || tried >= number) continue;
      if (!earlier.has(tried)) wrong.push(`${key}: attempt ${tried} of ${number} is missing`);
    }
    for (const [tried, row] of earlier) {
      if (tried < 1 || tried >= number) wrong.push(`${key}: attempt ${tried} before attempt ${number}`);
      const versions = history.get(JSON.stringify([...JSON.parse(key), tried])) ?? [];
      const known = versions.filter(({ gone }) => !gone).map(({ content }) => content);
      // An attempt that was seen to its end stays even if the server's history lacks it, or cannot be read.
      if (known.length === 0 || !isAddressable(row)) known.push(...(await seen(server, key, tried)));
      wrong.push(...unlike(row, known, `${key}: attempt ${tried}`));
    }
    const versions = held.get(key) ?? [];
    const wasRemade = versions.some(({ gone }) => gone);
    for (const row of seenBefore.get(key) ?? []) {
      const tried = Number(row.try_number);
      const isOver = isFinal(row) && tried >= 1 && tried < number;
      // A cleared task instance is listed with the old attempt's number until it is scheduled. If it is read before that, it
      // takes the attempt's place in the table; permanently, if the API cannot return the attempt.
      const wasCovered = versions.some(({ content }) => content.try_number === tried && !isFinal(content));
      if (!isOver || wasRemade || earlier.has(tried) || (wasCovered && !isAddressable(row))) continue;
      wrong.push(`${key}: attempt ${tried} was seen, and is lost`);
    }
  }
  return wrong;
}

/** Finished attempts as listed, without fields that only the current one has, such as its id before 3.4. */
async function seen(server: Synced["server"], key: string, tried: number): Promise<PlainRow[]> {
  const all = await everyVersion(server, "task_instance", JSON.parse(key));
  const hasIds = isAtLeast(server.version, "3.4");
  return all
    .filter((version) => version.try_number === tried && isFinal(version))
    .map((row) => ({ ...row, is_latest: false, rendered_map_index: null, ...(!hasIds && { id: null }) }));
}

/** Rows that match no version, and missing rows that existed the whole time. */
function unlikeAny(rows: readonly PlainRow[], held: ReadonlyMap<string, Version[]>, keyOf: (row: PlainRow) => string) {
  const wrong: string[] = [];
  const rest = new Map(held);
  for (const row of rows) {
    const versions = held.get(keyOf(row)) ?? [];
    rest.delete(keyOf(row));
    const known = versions.filter(({ gone }) => !gone).map(({ content }) => content);
    wrong.push(...unlike(row, known, keyOf(row)));
  }
  for (const [key, versions] of rest) {
    const wasThere = versions[0]?.wasThere && versions.every(({ gone }) => !gone);
    if (wasThere) wrong.push(`${key} is missing; the server has ${JSON.stringify(versions[0]?.content)}`);
  }
  return wrong;
}

function unlike(row: PlainRow, known: readonly PlainRow[], what: string): string[] {
  if (known.length === 0) return [`${what} is invented: ${JSON.stringify(row)}`];
  const unlikeEach = known.map((version) => differences([version], [row], []));
  if (unlikeEach.some((lines) => lines.length === 0)) return [];
  const nearest = unlikeEach.toSorted((a, b) => a.length - b.length)[0];
  return [`${what} is none of the ${known.length} versions that the server held; the nearest: ${nearest?.join("; ")}`];
}

/** A destination that checks after each commit that the batch stored every task instance completely. */
export function watchingWholeness(destination: Destination, report: (line: string) => void): Destination {
  return wrapSession(destination, (session) => ({
    async commit(stream, batch) {
      const result = await session.commit(stream, batch);
      if (batch.table.name === taskInstancesTable.name) for (const line of await notWhole(session, batch)) report(line);
      return result;
    },
  }));
}

async function notWhole(session: Session, { upserts = [], replace = [] }: Batch): Promise<string[]> {
  const rows: readonly StoredValues[] = [...upserts, ...replace.flatMap((each) => each.rows)];
  if (rows.length === 0) return [];
  const among = (name: string) => ({ in: [...new Set(rows.map((row) => row[name]))] });
  const scope = { dag_id: among("dag_id"), dag_run_id: among("dag_run_id"), task_id: among("task_id") };
  const stored = await session.keys(taskInstancesTable, scope as Scope<typeof taskInstancesTable>, ["is_latest"]);
  const storedOf = Map.groupBy(stored, taskKey);
  return [...Map.groupBy(rows, taskKey)].flatMap(([key, batch]) => {
    const numbers = (of: readonly StoredValues[]) =>
      of
        .map((row) => Number(row.try_number))
        .sort((a, b) => a - b)
        .join(" ");
    const latest = batch.filter(({ is_latest }) => is_latest);
    const isHighest = batch.every((row) => Number(row.try_number) <= Number(latest[0]?.try_number));
    const isWhole = numbers(batch) === numbers(storedOf.get(key) ?? []);
    if (latest.length === 1 && isHighest && isWhole) return [];
    return [`${key}: the batch has attempts ${numbers(batch)}, the table then ${numbers(storedOf.get(key) ?? [])}`];
  });
}
