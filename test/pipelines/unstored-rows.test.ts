/** I14, end to end: one row that a destination cannot hold, for every destination. */
import { createHash } from "node:crypto";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { memoryDestination } from "@org/destination/memory";
import {
  createEmptyAirflowWorld,
  createEmptyDagsterWorld,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import { SyncError, type SyncOptions, sync } from "@org/sync-engine";
import { describe, expect, onTestFinished, test } from "vitest";
import { startSuites } from "../support/suites.ts";

const suites = await startSuites();

/**
 * Replaces a placeholder in a response with JSON that is nested too deeply for any destination. The simulator could not
 * serialize it either.
 */
const withDepth: typeof fetch = async (...given) => {
  const response = await fetch(...given);
  const text = await response.text();
  const deep = text.replaceAll('"DEEP"', () => "[".repeat(100_000) + "]".repeat(100_000));
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(deep, { status: response.status, headers });
};

interface Fixture {
  readonly connect: () => SyncOptions["destination"];
  readonly held: () => Promise<readonly { readonly [column: string]: unknown }[]>;
}

const fixtures: readonly (readonly [name: string, create: () => Promise<Fixture>])[] = [
  [
    "memory",
    async () => {
      const memory = memoryDestination();
      return { connect: () => memory, held: async () => memory.rows("airflow_dag_runs") };
    },
  ],
  ...suites.map(
    (suite) =>
      [
        suite.name,
        async () => {
          const fixture = await suite.create();
          onTestFinished(async () => fixture.cleanup?.());
          return { connect: () => fixture.connect(), held: () => suite.read(fixture, "airflow_dag_runs") };
        },
      ] as const,
  ),
];

describe.each(fixtures)("%s", (_, create) => {
  test.each([
    ["a conf that is nested too deeply", { conf: { value: "DEEP" } }, { conf: {} }],
    ["half a surrogate pair in a note", { note: "half \ud83d" }, { note: "whole" }],
  ])("I14: %s", async (_, bad, good) => {
    const world = createEmptyAirflowWorld();
    const simulator = await startAirflowSimulator({ world });
    onTestFinished(() => simulator.close());
    const dag = world.addDag({ dagId: "d" });
    const add = (runId: string) => {
      const run = world.addRun(dag, { runId });
      world.finishRun(run);
      return run;
    };
    const runs = ["a", "b", "c"].map(add);
    const fixture = await create();
    const auth = { username: "admin", password: "admin" };
    const client = createAirflowClient({ url: simulator.url, auth, fetch: withDepth });
    const source = airflow({ client });
    /** Syncs an hour later. @returns the skipped rows, and the runs in the table */
    async function syncNow() {
      simulator.clock.advance(60 * 60_000);
      const options = { source, destination: fixture.connect(), reconcile: false, now: () => simulator.clock.now() };
      const failure = await sync(options as unknown as SyncOptions).then(
        () => undefined,
        (error) => error as SyncError,
      );
      if (failure && !(failure instanceof SyncError && failure.result)) throw failure;
      const errors = failure?.result?.streams.flatMap(({ error }) => error ?? []) ?? [];
      const there = (await fixture.held())
        .filter((row) => row._deleted_at === null)
        .map(({ dag_run_id }) => dag_run_id);
      return { errors, problems: failure?.result?.problems.map(({ message }) => message) ?? [], there: there.sort() };
    }

    Object.assign(runs[1]!, bad);
    const told = [expect.stringMatching(/^airflow_dag_runs: the row with dag_id "d", dag_run_id "b" is not stored/)];
    expect(await syncNow()).toEqual({ errors: [], problems: told, there: ["a", "c"] });
    add("d");
    expect(await syncNow()).toEqual({ errors: [], problems: told, there: ["a", "c", "d"] });
    Object.assign(runs[1]!, good);
    expect(await syncNow()).toEqual({ errors: [], problems: [], there: ["a", "b", "c", "d"] });

    // A row that the table holds in an older version, and that is deleted later.
    world.unstamp(Object.assign(runs[2]!, bad));
    world.setRunState(runs[2]!, "failed");
    const third = [expect.stringContaining('dag_run_id "c" is not stored')];
    expect(await syncNow()).toEqual({ errors: [], problems: third, there: ["a", "b", "c", "d"] });
    world.deleteRun(runs[2]!);
    expect(await syncNow()).toEqual({ errors: [], problems: [], there: ["a", "b", "d"] });
  });
});

test("I14: an asset whose key is too long for PostgreSQL's index", async () => {
  const suite = suites.find(({ name }) => name === "postgres")!;
  const fixture = await suite.create();
  onTestFinished(async () => fixture.cleanup?.());
  const world = createEmptyDagsterWorld();
  const noise = Array.from({ length: 120 }, (_, index) => createHash("sha256").update(`${index}`).digest("hex")).join(
    "",
  );
  world.addLocation("main", { assets: [{ path: ["orders"] }, { path: [noise] }, { path: ["customers"] }] });
  const server = await startDagsterSimulator({ world });
  onTestFinished(() => server.close());
  const source = dagster({ client: createDagsterClient({ url: server.url }) });
  const syncNow = () => sync({ source, destination: fixture.connect(), now: () => world.clock.now() });
  const held = async () => (await suite.read(fixture, "dagster_assets")).map(({ key_path }) => key_path).sort();
  for (const _ of [1, 2]) {
    await expect(syncNow()).rejects.toMatchObject({
      result: { problems: [{ code: "UNSTORED_ROW", message: expect.stringContaining("index") }] },
    });
    expect(await held()).toEqual(["customers", "orders"]);
  }
  world.undefineAsset("main", [noise]);
  await syncNow();
  expect(await held()).toEqual(["customers", "orders"]);
});
