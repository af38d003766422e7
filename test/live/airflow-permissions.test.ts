import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAirflowClient } from "@org/airflow-client";
import { exitCodes, main } from "@org/cli";
import { duckdb } from "@org/destination/duckdb";
import { createRandom } from "@org/simulators/internal";
import { airflow, dagRunsTable, defaultAirflowTables } from "@org/sources/airflow";
import { type SyncError, type SyncEvent, type SyncOptions, type SyncResult, sync } from "@org/sync-engine";
import { differences, type PlainRow, readTable } from "@org/testkit/compare";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { airflowTruth } from "@org/testkit/servers/airflow-truth";
import { createReader, type Reader } from "@org/testkit/servers/airflow-users";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import { startLoadBalancer } from "@org/testkit/servers/load-balancer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testUsers } from "./airflow-fab-users.ts";
import { describeLive, log } from "./live.ts";

/** Small, so that earlier changes soon leave every window. */
const overlapMs = 1_000;
const tables = defaultAirflowTables;
/** Settings of API servers with different signing secrets. */
const secrets = ["another", "a third"].map((name) => name.padEnd(64, "-"));
const seed = Number(process.env.SEED ?? (process.env.NIGHTLY ? Math.floor(Math.random() * 1e6) : 261_121));

/** Permissions that a role needs besides its DAGs. FAB has none for the runs or task instances of a single DAG. */
const [runs, tasks, versions, events] = ["DAG Runs", "Task Instances", "DAG Versions", "Audit Logs"] as const;
const everything = [runs, tasks, versions, events];

// Responses for `~`, as measured on 3.3.2 with FAB 3.9.0. A user who may read some DAGs gets 200 from all lists by `~`,
// with rows and totals of these DAGs only. The batch endpoints silently omit everything else, as do dagStats, dagVersions
// and eventLogs. A single DAG's URL is 403, whether the DAG exists or not. A user who may read no DAG, or lacks permission
// for runs or task instances, gets 403 from `~`. By default, a change of permissions takes up to 30 s to reach each API
// server (`[fab] cache_ttl`).
describeLive("a user of a real Airflow who may not read everything", () => {
  const folder = mkdtempSync(join(tmpdir(), "live-permissions-"));
  const path = join(folder, "airflow.duckdb");
  let server: AirflowServer;
  let others: Promise<readonly string[]>;
  let reader: Reader;
  let seen: readonly string[] = [];
  let third = "";

  beforeAll(async () => {
    server = await startAirflow({ log, authManager: "fab" });
    others = Promise.all(secrets.map((secret) => server.another({ AIRFLOW__API_AUTH__JWT_SECRET: secret })));
    // Awaited later. Until then, avoid an unhandled rejection.
    others.catch(() => {});
    log(`seeded: ${JSON.stringify(await seedAirflow(server, { dags: 10, runsPerDag: 12 }))}`);
    const dags = await server.query<{ dag_id: string }>("select dag_id from dag where not is_stale order by dag_id");
    // The third one's name has special characters.
    third = dags.find(({ dag_id }) => /[^\w]/.test(dag_id))?.dag_id ?? "";
    seen = [...dags.map(({ dag_id }) => dag_id).filter((dag) => dag !== third), third].slice(-3);
    reader = await createReader(as("admin"));
    // Three API servers start in the background.
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const as = (name: string, baseUrl = server.url) =>
    createAirflowClient({ url: baseUrl, auth: { username: name, password: name } });
  const dagsOf = (dags: readonly string[]) => dags.map((dag) => `DAG:${dag}`);

  async function syncAs(
    client: ReturnType<typeof as>,
    options: Partial<SyncOptions> = {},
  ): Promise<SyncResult & { readonly notices: readonly string[] }> {
    const notices: string[] = [];
    const onEvent = (event: SyncEvent) => {
      if (event.type === "notice") notices.push(event.message);
    };
    const source = airflow({ client, overlapMs });
    const result = await sync({
      source,
      destination: duckdb(path),
      pipeline: "permissions",
      onEvent,
      ...(options as object),
    });
    return { ...result, notices };
  }
  const syncAsReader = (reconcile = false) => syncAs(as(reader.username), { reconcile });

  /** The stored rows of all tables, or of one DAG. */
  const content = (file = path, dags?: readonly string[]) =>
    Promise.all(
      tables.map(async (table) =>
        reachable(await readTable(file, table)).filter(({ dag_id }) => !dags || dags.includes(String(dag_id))),
      ),
    );

  /** @param dags to compare @default all */
  async function expectTruth(dags?: readonly string[], file = path): Promise<void> {
    const truth = await airflowTruth(server);
    // The oldest run of all was deleted while the event log was not readable, so it counts as purged by retention.
    const held = (await content(file, dags)).map((rows) => rows.filter(({ purged_at }) => !purged_at));
    for (const [index, table] of tables.entries()) {
      const expected = reachable(truth[table.name as keyof typeof truth]).filter(
        ({ dag_id }) => !dags || dags.includes(String(dag_id)),
      );
      expect(differences(expected, held[index] ?? [], table.primaryKey), table.name).toEqual([]);
      expect(expected.length).toBeGreaterThan(0);
    }
  }

  /** Every row that was stored, and that the server still has, is still stored. */
  async function expectNothingLost(before: readonly (readonly PlainRow[])[]): Promise<void> {
    const truth = await airflowTruth(server);
    const held = await content();
    for (const [index, table] of tables.entries()) {
      const keyOf = (row: PlainRow) => JSON.stringify(table.primaryKey.map((name) => row[name]));
      const [there, now] = [truth[table.name as keyof typeof truth], held[index] ?? []].map(
        (rows) => new Set(rows.map(keyOf)),
      );
      expect(before[index]?.map(keyOf).filter((key) => there?.has(key) && !now?.has(key))).toEqual([]);
    }
  }

  /** Keeps the number of runs: deletes one, creates another, changes old rows, annotates one. */
  async function change(dag: string): Promise<void> {
    const params = { path: { dag_id: dag } };
    const admin = as("admin");
    const [gone, noted] = await server.query<{ run_id: string }>(
      "select run_id from dag_run where dag_id = $1 and run_id !~ '[/%]' and state <> 'running' order by md5(run_id)",
      [dag],
    );
    const inRun = (run?: { run_id: string }) => ({ path: { dag_id: dag, dag_run_id: run?.run_id ?? "" } });
    await admin.DELETE("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: inRun(gone) });
    await admin.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", {
      params: inRun(noted),
      body: { note: `noted ${Date.now()}` },
    });
    await admin.POST("/api/v2/dags/{dag_id}/dagRuns", { params, body: { logical_date: null } });
    await server.query(
      "update dag_run set end_date = end_date + interval '1 s', updated_at = clock_timestamp() where dag_id = $1 and end_date is not null",
      [dag],
    );
    await server.query(
      "update task_instance set hostname = 'moved-' || hostname, updated_at = clock_timestamp() where dag_id = $1",
      [dag],
    );
  }

  const outOfTheWindow = () => new Promise((resolve) => setTimeout(resolve, overlapMs + 1_500));

  /** The command's exit code and output, with an empty file. */
  async function exitCode(): Promise<number> {
    const { username } = reader;
    const output = { write: () => {} };
    const env = { AIRFLOW_USERNAME: username, AIRFLOW_PASSWORD: username };
    const to = `duckdb:${join(mkdtempSync(join(folder, "empty-")), "airflow.duckdb")}`;
    return main(["sync", "--from", `airflow:${server.url}`, "--to", to], { stdout: output, stderr: output, env });
  }

  async function failure(promise: Promise<unknown>): Promise<SyncError> {
    const error = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "STREAMS_FAILED" });
    log((error as Error).message);
    return error as SyncError;
  }

  testUsers(() => server);

  test("a user who sees three DAGs of ten gets their rows, and no others", async () => {
    await reader.mayRead([...everything, ...dagsOf(seen)]);
    await syncAsReader();
    await expectTruth(seen);
    expect(new Set((await content()).flat().map(({ dag_id }) => dag_id))).toEqual(new Set(seen));
  });

  test("I8: a DAG that the user may no longer see keeps its rows, even at a reconcile, and a notice names it", async () => {
    const before = await content(path, [third]);
    await reader.mayRead([...everything, ...dagsOf(seen.filter((dag) => dag !== third))]);
    for (const reconcile of [false, true]) {
      for (const dag of seen) await change(dag);
      const { notices, streams } = await syncAsReader(reconcile);
      expect(notices.filter((notice) => notice.includes(third))).toHaveLength(1);
      expect(streams.every(({ inserted, updated, deleted }) => inserted + updated + deleted < 1_000)).toBe(true);
      await expectTruth(seen.filter((dag) => dag !== third));
      expect(await content(path, [third])).toEqual(before);
    }
  });

  test("I4: its changes while invisible are read once the permission is back, although no window shows them", async () => {
    await outOfTheWindow();
    await syncAsReader();
    await reader.mayRead([...everything, ...dagsOf(seen)]);
    const { notices } = await syncAsReader();
    expect(notices).toEqual([]);
    await expectTruth(seen);
    await syncAsReader(true);
    await expectTruth(seen);
  });

  test.each([
    [[tasks], ["dags", "dag_runs"], "DAG Runs and Task Instances"],
    [[runs, versions], ["dags"], "DAGs and DAG Runs"],
  ])(
    "without the permission to read %j only %j are synced, nothing is deleted, and the error names it",
    async (lacking, synced, named) => {
      await reader.mayRead([...everything.filter((each) => !lacking.some((one) => one === each)), ...dagsOf(seen)]);
      for (const dag of seen) await change(dag);
      const before = await content();
      for (const reconcile of [false, true]) {
        const { message, result } = await failure(syncAsReader(reconcile));
        expect(message).toContain("answered 403: Forbidden");
        expect(message).toContain(named);
        expect(result?.streams.filter(({ error }) => !error).map(({ stream }) => stream)).toEqual(synced);
      }
      expect(await exitCode()).toBe(exitCodes.incomplete);
      const [, , heldTasks] = await content();
      expect(heldTasks).toEqual(before[2]);
      if (synced.includes("dag_runs")) {
        const truth = (await airflowTruth(server)).airflow_dag_runs.filter(({ dag_id }) =>
          seen.includes(String(dag_id)),
        );
        expect(differences(truth, (await content())[1] ?? [], dagRunsTable.primaryKey)).toEqual([]);
      }
    },
  );

  test("a user who may read no DAG at all gets the reason, and keeps all rows", async () => {
    await reader.mayRead(everything);
    const before = await content();
    const { message } = await failure(syncAsReader(true));
    expect(message).toContain("can read on DAGs");
    expect(await exitCode()).toBe(exitCodes.configuration);
    expect(await content()).toEqual(before);
  });

  test("without the event log, all but notes is synced, and a notice says so; with all permissions, notes follow", async () => {
    await reader.mayRead([...everything.filter((each) => each !== events), ...dagsOf(seen)]);
    const { notices } = await syncAsReader(true);
    expect(notices).toEqual([expect.stringContaining("may not read the audit log")]);
    await reader.mayRead([...everything, ...dagsOf(seen)]);
    await syncAsReader();
    await expectTruth(seen);
    await syncAs(as("admin"), { reconcile: false });
    await expectTruth();
  });

  test("API servers with different signing secrets end a sync soon, with the reason, and nothing is deleted", async () => {
    const targets = [server.url, ...(await others)];
    const before = await content();
    // Round robin, random, and one that rarely responds.
    const choices = [undefined, chooseBy(seed, targets.length), (nth: number) => (nth % 8 === 7 ? 1 : 0)];
    for (const [turn, choose] of choices.entries()) {
      await change(third);
      const balancer = await startLoadBalancer(targets, choose);
      const client = as("admin", balancer.url);
      const empty = join(folder, `empty-${turn}.duckdb`);
      const outcomes = [
        await syncAs(client, { destination: duckdb(empty) }).catch((error: SyncError) => error),
        await syncAs(client, { reconcile: false }).catch((error: SyncError) => error),
        await syncAs(client, { reconcile: true }).catch((error: SyncError) => error),
      ];
      expect(outcomes[0]).toBeInstanceOf(Error);
      const errors = outcomes.filter((outcome) => outcome instanceof Error);
      for (const { message } of errors) expect(message).toContain("[api_auth] jwt_secret");
      log(`${errors.length} of 3 syncs failed, ${balancer.requests()} requests with logins: ${errors.at(-1)?.message}`);
      // Each has three streams, and needs a few dozen requests if all goes well.
      expect(balancer.requests()).toBeLessThan(300);
      await balancer.close();
      await expectNothingLost(before);
      await syncAs(as("admin"), { destination: duckdb(empty) });
      await expectTruth(undefined, empty);
    }
    await syncAs(as("admin"), { reconcile: true });
    await expectTruth();
  });
});

function chooseBy(seed: number, count: number): () => number {
  log(`seed ${seed}`);
  const random = createRandom(seed);
  return () => random.between(0, count - 1);
}

/** The API's URLs cannot contain a slash, so no client can read the earlier attempts of such runs. */
function reachable(rows: readonly PlainRow[]): readonly PlainRow[] {
  return rows.filter((row) => row.is_latest !== false || !String(row.dag_run_id).includes("/"));
}
