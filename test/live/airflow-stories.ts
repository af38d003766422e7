/** What a portal asks for, one call each, on a real server whose scheduler runs what is started. */
import {
  type AirflowClient,
  createAirflowClient,
  dagRuns,
  dags,
  eventLogs,
  taskInstances,
  variables,
} from "@org/airflow-client";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { beforeAll, expect, test } from "vitest";
import { orders } from "../../packages/airflow-client/generate/values.ts";

/** The paths of lists that a server does not sort yet, or that need more than `~` for an id. */
const from: Readonly<Record<string, string>> = {
  "/api/v2/dagBundles": "3.4",
  "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries": "3.2",
};
const bodies: Readonly<Record<string, string>> = {
  DAGRunsBatchBody: "/api/v2/dags/~/dagRuns/list",
  TaskInstancesBatchBody: "/api/v2/dags/~/dagRuns/~/taskInstances/list",
};

export function testStories(version: string, server: () => AirflowServer): void {
  let airflow: AirflowClient;

  beforeAll(() => {
    const { url, username, password } = server();
    airflow = createAirflowClient({ url, auth: { username, password } });
  });

  const sortable = Object.entries(orders).filter(([path]) => !/backfill|listMapped/.test(path));
  test.each(sortable)("%s is sorted by whatever its type allows", async (path, names) => {
    if (!isAtLeast(version, from[path] ?? "3.0")) return;
    const ids = path.endsWith("/tasks") ? "speaks" : "~";
    for (const name of names.flatMap((name) => [name, `-${name}`])) {
      const answer = bodies[path]
        ? airflow.request("POST", bodies[path], { body: { order_by: name, page_limit: 1 } })
        : airflow.request("GET", `${path.replaceAll(/\{\w+\}/g, ids)}?order_by=${name}&limit=1`);
      expect((await answer).response.status, name).toBe(200);
    }
  });

  test("a screen: the newest first, the first n, the next page, a count, all by tag", async () => {
    const tagged = await dags.list(airflow, { tags: ["methods"], orderBy: "-dag_id", first: 2 }).toArray();
    expect(tagged.map(({ dag_id }) => dag_id)).toEqual(["speaks", "reads_report"]);
    expect(await dags.list(airflow, { tags: ["methods"] }).count()).toBe(5);
    const [page] = await Array.fromAsync(dags.list(airflow, { tags: ["methods"], pageSize: 2, first: 2 }).pages());
    const pageToken = page?.nextPageToken ?? "";
    const next = await dags.list(airflow, { tags: ["methods"], pageSize: 2, first: 2, pageToken }).toArray();
    expect(next.map(({ dag_id }) => dag_id)).toEqual(["makes_report", "reads_report"]);
    // Without a zone, servers fail.
    expect(await eventLogs.list(airflow, { after: "2020-01-01", orderBy: "-when", first: 1 }).toArray()).toHaveLength(
      1,
    );
    expect(await dagRuns.count(airflow, { run_after_gte: new Date(Date.now() + 86_400_000) })).toBe(0);
  });

  test("a DAG: its source, tasks, tags and page", async () => {
    expect(await dags.source(airflow, tagOf("speaks"))).toContain("def say");
    const tasks = await dags.tasks(airflow, "speaks", { orderBy: "-task_id" }).toArray();
    expect(tasks.map(({ task_id }) => task_id)).toContain("say");
    expect(await dags.tags(airflow, { orderBy: "name" }).toArray()).toContain("methods");
    expect((await fetch(dags.url(airflow, "speaks"))).status).toBe(200);
  });

  test("all DAGs with a tag are paused and unpaused", async () => {
    const all = ["daily", "fails_first", "makes_report", "reads_report", "speaks"];
    await dags.pause(airflow, "daily");
    expect([...(await dags.pauseAll(airflow, { tags: ["methods"] }))].sort()).toEqual(all.slice(1));
    const paused = await dags.list(airflow, { tags: ["methods"], paused: true }).toArray();
    expect(paused.map(({ dag_id }) => dag_id)).toEqual(all);
    expect([...(await dags.unpauseAll(airflow, { tags: ["methods"] }))].sort()).toEqual(all);
    expect(await dags.pauseAll(airflow, { tags: ["no such tag"] })).toEqual([]);
    expect(await dags.list(airflow, { tags: ["methods"], paused: true }).count()).toBe(0);
  });

  test("many variables are set at once, new ones and others", async () => {
    await variables.set(airflow, { key: "many/a", value: "old", description: "gone" });
    await variables.setMany(airflow, [
      { key: "many/a", value: "new" },
      { key: "many/b", value: { deep: [1] }, description: "second" },
    ]);
    expect(await variables.get(airflow, "many/a")).toMatchObject({ value: "new" });
    const second = await variables.get(airflow, { key: "many/b" });
    expect(second).toMatchObject({ description: "second" });
    expect(JSON.parse(String(second.value))).toEqual({ deep: [1] });
    for (const key of ["many/a", "many/b"]) await variables.delete(airflow, key);
  });

  test("a run: rows as ids, a named task cleared, a chart of its attempts, counts by state and day", {
    timeout: 240_000,
  }, async () => {
    const run = await dagRuns.trigger(airflow, "fails_first");
    const soon = { deadlineMs: 120_000, intervalMs: 200 };
    expect((await dagRuns.wait(airflow, run, soon)).state).toBe("failed");
    const options = { dags: { tags: ["methods"] }, state: ["failed"], orderBy: "-run_after" } as const;
    expect(await dagRuns.list(airflow, { ...options, first: 1 }).toArray()).toMatchObject([
      { dag_run_id: run.dag_run_id },
    ]);
    const [failed] = await taskInstances
      .list(airflow, { dags: [run], dag_run_ids: [run.dag_run_id], state: ["failed"] })
      .toArray();
    if (!failed) throw new Error("There is no failed task.");
    const clear = { dag_run_id: run.dag_run_id, task_ids: [failed.task_id] };
    expect(await taskInstances.clear(airflow, run, clear)).toHaveLength(1);
    expect((await dagRuns.wait(airflow, run, soon)).state).toBe("success");
    expect(await taskInstances.clear(airflow, run, { ...clear, dry_run: true })).toHaveLength(1);
    expect(await taskInstances.clear(airflow, run, { ...clear, dry_run: true, only_failed: true })).toEqual([]);

    const [stats] = await dags.stats(airflow, { dags: [run] }).toArray();
    expect(stats).toMatchObject({ dag_id: "fails_first", stats: expect.any(Array) });
    expect(await taskInstances.tries(airflow, failed).count()).toBe(2);
    const rows = await dagRuns.gantt(airflow, run);
    expect(rows.find(({ task }) => task.task_id === failed.task_id)?.attempts).toMatchObject([
      { try_number: 1, state: "failed", start_date: expect.any(String) },
      { try_number: 2, state: "success", end_date: expect.any(String) },
    ]);
    const today = run.run_after.slice(0, 10);
    const days = await dagRuns.countByDay(airflow, { dags: ["fails_first"], from: today });
    expect(days[0]).toMatchObject({ day: today, counts: { success: expect.any(Number) } });
    for (const url of [dagRuns.url(airflow, run), taskInstances.url(airflow, failed)])
      expect((await fetch(url)).status).toBe(200);
    await dagRuns.delete(airflow, run);
  });

  const tagOf = (dag_id: string) => ({ dag_id });
}
