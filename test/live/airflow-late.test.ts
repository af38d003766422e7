import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AirflowClient, createAirflowClient, dags } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { airflow, dagRunsTable, dagsTable, taskInstancesTable } from "@org/sources/airflow";
import { type SyncEvent, sync } from "@org/sync-engine";
import { readTable } from "@org/testkit/compare";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { airflowVersions, newestAirflow } from "@org/testkit/servers/airflow-versions";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectTruth } from "./airflow-differences.ts";
import { describeLiveOn, log } from "./live.ts";

/** Much longer than a few syncs take on the busiest machine: a change is committed that much after its time. */
const overlapMs = 600_000;

const tested = airflowVersions.filter(({ version }) => process.env.NIGHTLY || version === newestAirflow);
for (const { version, pythons } of tested) {
  describeLiveOn(pythons)(`what a real Airflow ${version} shows late, or not at all`, () => testLate(version));
}

function testLate(version: string): void {
  const folder = mkdtempSync(join(tmpdir(), "live-late-"));
  const path = join(folder, "airflow.duckdb");
  let server: AirflowServer;

  beforeAll(async () => {
    server = await startAirflow({ log, version });
    log(`seeded: ${JSON.stringify(await seedAirflow(server, { dags: 6, runsPerDag: 20 }))}`);
    await syncNow();
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function clientOf(): AirflowClient {
    const { url: baseUrl, username, password } = server;
    return createAirflowClient({ url: baseUrl, auth: { username, password } });
  }

  async function syncNow(events: SyncEvent[] = [], to = path): Promise<void> {
    const onEvent = (event: SyncEvent) => events.push(event);
    await sync({ source: airflow({ client: clientOf(), overlapMs }), destination: duckdb(to), onEvent });
  }

  /** Finished task instances of finished runs, which no doubt would re-read. */
  const settled = `select t.id from task_instance t join dag_run r using (dag_id, run_id)
    where t.state = 'success' and r.state in ('success', 'failed') and r.run_id not like '%/%'`;

  /**
   * Changes a finished task instance in a transaction that stays open across two syncs.
   */
  async function commitLate(): Promise<void> {
    const client = new pg.Client({ connectionString: server.databaseUrl });
    await client.connect();
    try {
      await client.query("begin");
      const { rows } = await client.query(
        `update task_instance set hostname = 'late-commit', updated_at = clock_timestamp()
         where id = (${settled} order by t.id desc limit 1) returning id`,
      );
      expect(rows).toHaveLength(1);
      await syncNow();
      await syncNow();
      await client.query("commit");
    } finally {
      await client.end();
    }
    await expect(expectTruth(server, path)).rejects.toThrow("late-");
    await syncNow();
    log(`compared, 0 differences: ${JSON.stringify(await expectTruth(server, path))}`);
  }

  test("I6: a change committed after two syncs have started is found by the overlap", async () => {
    await commitLate();
  });

  test("I9: a row that Airflow cannot serialize fails the sync, and costs no other row", async () => {
    await syncNow();
    const [poisoned] = await server.query<{ id: number; dag_id: string; run_id: string }>(
      `update dag_run set triggered_by = 'NOBODY', updated_at = clock_timestamp()
       where id = (select max(id) from dag_run where state = 'success') returning id, dag_id, run_id`,
    );
    const others = await server.query(
      `update dag_run set end_date = clock_timestamp(), updated_at = clock_timestamp()
       where state = 'failed' and id <> $1 returning id`,
      [poisoned?.id],
    );
    expect(others.length).toBeGreaterThan(2);
    const events: SyncEvent[] = [];
    await expect(syncNow(events)).rejects.toMatchObject({ code: "STREAMS_FAILED" });
    expect(events.filter((event) => event.type === "problem").map(({ code }) => code)).toContain("UNREADABLE_ROW");
    const isPoisoned = (row: Readonly<Record<string, unknown>>) =>
      row.dag_id === poisoned?.dag_id && row.dag_run_id === poisoned?.run_id;
    // The row stays as it was last read.
    expect((await readTable(path, dagRunsTable)).filter(isPoisoned)).toHaveLength(1);
    await expect(expectTruth(server, path)).rejects.toThrow(
      /^The tables differ from the server:\n.*triggered_by.*nobody.*$/,
    );

    await server.query("update dag_run set triggered_by = 'REST_API', updated_at = clock_timestamp() where id = $1", [
      poisoned?.id,
    ]);
    await syncNow();
    log(`compared, 0 differences: ${JSON.stringify(await expectTruth(server, path))}`);
  });

  test("I4: a DAG listed without a definition, as after an upgrade from Airflow 2, is read completely", async () => {
    const [{ dag_id: dag, runs, tasks } = { dag_id: "", runs: 0, tasks: 0 }] = await server.query<{
      dag_id: string;
      runs: number;
      tasks: number;
    }>(
      `select dag_id, count(*)::int runs,
         (select count(*)::int from task_instance t where t.dag_id = r.dag_id) tasks
       from dag_run r where exists (
         select from task_instance_history h join task_instance t using (dag_id, run_id, task_id, map_index)
         where h.dag_id = r.dag_id and h.run_id !~ '/' and h.try_number between 1 and t.try_number - 1)
       group by dag_id order by count(*), dag_id limit 1`,
    );
    await server.query("delete from serialized_dag where dag_id = $1", [dag]);
    await server.restart();
    await expect(dags.get(clientOf(), dag)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const fresh = join(folder, "undefined.duckdb");
    for (const to of [path, fresh]) {
      await syncNow([], to);
      const held = async (table: Parameters<typeof readTable>[1]) =>
        (await readTable(to, table)).filter((row) => row.dag_id === dag && row.is_latest !== false).length;
      expect([await held(dagsTable), await held(dagRunsTable), await held(taskInstancesTable)]).toEqual([
        1,
        runs,
        tasks,
      ]);
    }
    const earlier = async (file: string) =>
      (await readTable(file, taskInstancesTable)).filter((row) => row.dag_id === dag && row.is_latest === false).length;
    // Their URL does not require a definition.
    expect(await earlier(fresh)).toBe(await earlier(path));
    expect(await earlier(path)).toBeGreaterThan(0);
    log(`${dag} without a definition: ${runs} runs and ${tasks} task instances are there`);
  });
}
