/** The client's short methods against a real server with a scheduler. */
import {
  type AirflowClient,
  assets,
  backfills,
  connections,
  createAirflowClient,
  dagRuns,
  dags,
  eventLogs,
  importErrors,
  monitor,
  pools,
  taskInstances,
  users,
  variables,
  xcoms,
} from "@org/airflow-client";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { beforeAll, expect, test } from "vitest";

export function testMethods(version: string, server: () => AirflowServer): void {
  let airflow: AirflowClient;

  beforeAll(() => {
    const { url, username, password } = server();
    airflow = createAirflowClient({ url, auth: { username, password } });
  });

  test("dags: list, get, pause, unpause; health, version, import errors, the audit log", async () => {
    const found = await Array.fromAsync(dags.list(airflow, { tags: ["methods"], pageSize: 2, orderBy: "dag_id" }));
    expect(found.map(({ dag_id }) => dag_id)).toEqual([
      "daily",
      "fails_first",
      "makes_report",
      "reads_report",
      "speaks",
    ]);
    const pages = await Array.fromAsync(dags.list(airflow, { tags: ["methods"], pageSize: 2 }).pages());
    expect(pages.map(({ items, total }) => [items.length, total])).toEqual([
      [2, 5],
      [2, 5],
      [1, 5],
    ]);
    expect((await dags.get(airflow, "speaks")).params).toMatchObject({ lines: { value: 5 } });
    expect((await dags.pause(airflow, "daily")).is_paused).toBe(true);
    expect((await dags.unpause(airflow, "daily")).is_paused).toBe(false);
    await expect(dags.get(airflow, "nowhere")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await monitor.health(airflow)).toMatchObject({ scheduler: { status: "healthy" } });
    expect((await monitor.version(airflow)).version).toBe(version);
    expect(await Array.fromAsync(importErrors.list(airflow))).toMatchObject([
      { stack_trace: expect.stringContaining("broken on purpose") },
    ]);
    expect((await Array.fromAsync(eventLogs.list(airflow, { dag_id: "daily" }))).length).toBeGreaterThan(1);
  });

  test("a run is triggered, its log followed line by line, waited for, and its result read", {
    timeout: 240_000,
  }, async () => {
    const run = await dagRuns.trigger(airflow, "speaks", { conf: { lines: 6 }, note: "by hand" });
    const id = { dagId: "speaks", dagRunId: run.dag_run_id };
    expect(run).toMatchObject({ state: "queued", conf: { lines: 6 }, note: "by hand", logical_date: null });
    const task = { ...id, taskId: "say" };
    // It is queued at most.
    const lines: string[] = [];
    let asked = 0;
    for await (const { event } of taskInstances.logs(airflow, task, { tryNumber: 1, intervalMs: 500 })) {
      if (lines.length === 0) asked = (await taskInstances.get(airflow, task)).state === "running" ? 1 : 0;
      if (/^line \d$/.test(event)) lines.push(event);
    }
    expect(lines).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4", "line 5"]);
    expect(asked, "the log was followed while the task ran").toBe(1);

    const ended = await dagRuns.wait(airflow, id, { deadlineMs: 120_000, intervalMs: 200 });
    expect(ended.state).toBe("success");
    expect((await xcoms.get(airflow, { ...task, key: "return_value" })).value).toEqual({ said: 6 });
    expect((await Array.fromAsync(xcoms.list(airflow, { dagId: "speaks" }))).map(({ key }) => key)).toEqual([
      "return_value",
    ]);
    expect(await Array.fromAsync(dagRuns.list(airflow, { dagId: "speaks" }))).toMatchObject([
      { dag_run_id: run.dag_run_id },
    ]);
    expect((await dagRuns.setNote(airflow, id, "seen")).note).toBe("seen");
    expect((await taskInstances.setNote(airflow, task, "said it"))[0]?.note).toBe("said it");
    await xcoms.create(airflow, { ...task, key: "mine" }, [1, { two: 3 }]);
    await xcoms.update(airflow, { ...task, key: "mine" }, "other");
    const { value } = await xcoms.get(airflow, { ...task, key: "mine" });
    expect(isAtLeast(version, "3.2") ? value : String(value).replace(/[^a-z]/g, "")).toBe("other");
    const gone = xcoms.delete(airflow, { ...task, key: "mine" });
    if (isAtLeast(version, "3.2")) await gone;
    else await expect(gone).rejects.toMatchObject({ code: "SERVER_TOO_OLD" });

    const patience = dagRuns.wait(airflow, { dagId: "speaks", dagRunId: "no such run" }, { deadlineMs: 1000 });
    await expect(patience).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a failed run is cleared by its tasks, and all attempts are listed", { timeout: 240_000 }, async () => {
    const { dag_run_id: dagRunId } = await dagRuns.trigger(airflow, "fails_first");
    const id = { dagId: "fails_first", dagRunId };
    expect((await dagRuns.wait(airflow, id, { deadlineMs: 120_000, intervalMs: 200 })).state).toBe("failed");
    const would = await taskInstances.clear(airflow, "fails_first", {
      dag_run_id: dagRunId,
      only_failed: true,
      dry_run: true,
    });
    expect(would.map(({ task_id }) => task_id)).toEqual(["once"]);
    await taskInstances.clear(airflow, "fails_first", { dag_run_id: dagRunId, only_failed: true });
    expect((await dagRuns.wait(airflow, id, { deadlineMs: 120_000, intervalMs: 200 })).state).toBe("success");
    const tries = await taskInstances.tries(airflow, { ...id, taskId: "once" }).toArray();
    expect(tries.map(({ try_number, state }) => [try_number, state])).toEqual([
      [1, "failed"],
      [2, "success"],
    ]);

    await dagRuns.clear(airflow, id);
    await dagRuns.wait(airflow, id, { deadlineMs: 120_000, intervalMs: 200 });
    expect(await taskInstances.tries(airflow, { ...id, taskId: "once" }).count()).toBe(3);
    await taskInstances.setState(airflow, { ...id, taskId: "once" }, { state: "failed" });
    expect(await Array.fromAsync(taskInstances.list(airflow, { run: id, state: ["failed"] }))).toHaveLength(1);
    expect((await dagRuns.setState(airflow, id, "failed")).state).toBe("failed");
    await dagRuns.delete(airflow, id);
    await expect(dagRuns.get(airflow, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a backfill is simulated, created, paused, unpaused, waited for", { timeout: 240_000 }, async () => {
    const week = { dag_id: "daily", from_date: "2026-02-01T00:00:00Z", to_date: "2026-02-03T00:00:00Z" };
    const dates = await backfills.dryRun(airflow, week);
    expect(dates.map(({ logical_date }) => logical_date?.slice(0, 10))).toEqual([
      "2026-02-01",
      "2026-02-02",
      "2026-02-03",
    ]);
    const { id } = await backfills.create(airflow, week);
    await expect(backfills.create(airflow, week)).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await backfills.pause(airflow, id)).is_paused).toBe(true);
    expect((await backfills.unpause(airflow, id)).is_paused).toBe(false);
    await backfills.wait(airflow, id, { deadlineMs: 180_000, intervalMs: 500 });
    const became = Array.fromAsync(backfills.dagRuns(airflow, id, { pageSize: 2 }));
    if (isAtLeast(version, "3.4"))
      expect((await became).map((each) => each.dag_run_state)).toEqual(Array(3).fill("success"));
    else await expect(became).rejects.toMatchObject({ code: "SERVER_TOO_OLD" });
    const runs = await Array.fromAsync(dagRuns.list(airflow, { dagId: "daily", run_type: ["backfill"] }));
    expect(runs.map(({ state }) => state)).toEqual(["success", "success", "success"]);
    const later = { dag_id: "daily", from_date: "2026-02-04T00:00:00Z", to_date: "2026-02-05T00:00:00Z" };
    const second = await backfills.create(airflow, later);
    expect(await backfills.cancel(airflow, second.id)).toMatchObject({ completed_at: expect.any(String) });
    const ids = (await Array.fromAsync(backfills.list(airflow, { dag_id: "daily" }))).map((each) => each.id);
    expect(ids.sort((a, b) => a - b)).toEqual([id, second.id]);
  });

  test("variables, connections and pools are set, read, changed and removed, even if their keys contain a slash", async () => {
    const key = "team/a b%20ü";
    expect((await variables.set(airflow, { key, value: { deep: [1] }, description: "first" })).key).toBe(key);
    expect(JSON.parse(String((await variables.get(airflow, key)).value))).toEqual({ deep: [1] });
    await variables.set(airflow, { key, value: "text" });
    expect(await variables.get(airflow, key)).toMatchObject({ value: "text", description: "first" });
    expect((await Array.fromAsync(variables.list(airflow))).map((each) => each.key)).toContain(key);
    await variables.delete(airflow, key);
    await expect(variables.get(airflow, key)).rejects.toMatchObject({ code: "NOT_FOUND" });

    const connection = { connection_id: "there", conn_type: "http", host: "127.0.0.1", password: "very secret" };
    await connections.create(airflow, connection);
    await connections.update(airflow, { connection_id: "there", conn_type: "http", port: 81 });
    expect(await connections.get(airflow, "there")).toMatchObject({ host: "127.0.0.1", port: 81 });
    expect((await Array.fromAsync(connections.list(airflow))).map((each) => each.connection_id)).toContain("there");
    expect(await connections.test(airflow, connection)).toHaveProperty("status");
    await connections.delete(airflow, "there");

    await pools.create(airflow, { name: "few slots", slots: 2 });
    expect(await pools.update(airflow, "few slots", { slots: 3 })).toMatchObject({ slots: 3 });
    expect(await pools.get(airflow, "few slots")).toMatchObject({ slots: 3, occupied_slots: 0 });
    expect((await Array.fromAsync(pools.list(airflow))).map(({ name }) => name)).toContain("few slots");
    await pools.delete(airflow, "few slots");
  });

  test("a server whose auth manager is not FAB has no users, and the error says so", async () => {
    await expect(users.get(airflow, "ann")).rejects.toMatchObject({
      code: "NOT_AN_API",
      message: expect.stringContaining("does not use FAB's auth manager"),
    });
  });

  test("an asset is materialized, an event is created, and its queued events are removed", {
    timeout: 240_000,
  }, async () => {
    const found = await Array.fromAsync(assets.list(airflow));
    const report = found.find(({ name }) => name === "report");
    const id = Number(report?.id);
    expect(await assets.get(airflow, id)).toMatchObject({ uri: report?.uri });
    const run = await assets.materialize(airflow, id);
    await dagRuns.wait(
      airflow,
      { dagId: run.dag_id, dagRunId: run.dag_run_id },
      { deadlineMs: 120_000, intervalMs: 200 },
    );
    await assets.createEvent(airflow, { asset_id: id, extra: { by: "hand" } });
    expect((await Array.fromAsync(assets.events(airflow, { asset_id: id }))).length).toBe(2);
    // Since 3.4, each event is queued separately.
    const queued = Array(isAtLeast(version, "3.4") ? 2 : 1).fill({ dag_id: "reads_report" });
    expect(await assets.queuedEvents(airflow, id).toArray()).toMatchObject(queued);
    await assets.removeQueuedEvents(airflow, id);
    await dags.delete(airflow, "reads_report");
  });
}
