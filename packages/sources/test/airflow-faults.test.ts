import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createDemoAirflowWorld, defaultStartMs, type Fault } from "@org/simulators/internal";
import { dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import { SyncError, type SyncEvent } from "@org/sync-engine";
import { differences, type PlainRow } from "@org/testkit/compare";
import { describe, expect, onTestFinished, test } from "vitest";
import { failing, setUp } from "./airflow-sync.ts";

const dataRequest: NonNullable<Fault["match"]> = ({ path }) => path !== "/auth/token";

/** Faults of networks, proxies and busy servers. None may cost a row. */
const passing: Record<string, Fault> = {
  "429 with Retry-After": { status: 429, headers: { "retry-after": "0" }, body: "slow down" },
  "500 as text": { status: 500, body: "Internal Server Error" },
  "502 from a proxy": { status: 502, body: "<html>Bad Gateway</html>" },
  "503 with a date": { status: 503, headers: { "retry-after": new Date(defaultStartMs - 1000).toUTCString() } },
  "504 from a proxy": { status: 504, body: "" },
  "a connection reset": { reset: true },
  "a body cut after 1 byte": { cutBodyAt: 1 },
  "a body cut in the middle": { cutBodyAt: 400 },
  "content-encoding gzip for an uncompressed body": { headers: { "content-encoding": "gzip" } },
};

/** Without validation, to be fast. The simulator's responses are validated elsewhere. */
const quick = { simulator: { validate: false } };
/** A world that needs every kind of request at least once. */
const tinyWorld = () => createDemoAirflowWorld({ dags: 4, days: 3, runsPerDag: 5 });

describe("I9: temporary failures cost no row", () => {
  test.each(Object.entries(passing))("%s, at every fifth request of a sync", async (_, fault) => {
    const { simulator, syncNow, differences } = await setUp({ ...quick, world: tinyWorld() });
    let count = 0;
    const hit: Fault = {
      ...fault,
      times: 1_000,
      match: (request) => {
        count += dataRequest(request) ? 1 : 0;
        return dataRequest(request) && count % 5 === 0;
      },
    };
    simulator.faults.push(hit);
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});

describe("I9: a permanent failure is an error, never fewer rows and success", () => {
  const lasting: Record<string, Fault> = {
    "HTML with status 200": { html200: true },
    "an empty object with status 200": { body: {} },
    "a body that is always cut": { cutBodyAt: 20 },
    "500 for ever": { status: 500, body: "Internal Server Error" },
    "403 from a proxy": { status: 403, body: "<html>Forbidden</html>", headers: { "content-type": "text/html" } },
    "404 from a proxy": { status: 404, body: "404 page not found" },
    "404 from another proxy": { status: 404, body: { message: "no Route matched with those values" } },
    "the wrong content type": { headers: { "content-type": "text/plain" } },
  };
  const places = [
    "/api/v2/dags",
    "/api/v2/dagStats",
    "/api/v2/dags/~/dagRuns",
    "/api/v2/dags/~/dagRuns/list",
    "/tries",
    "/eventLogs",
  ];
  const cases = Object.entries(lasting).flatMap(([name, fault]) => places.map((place) => ({ name, place, fault })));

  test.each(cases)("$name at $place", async ({ place, fault }) => {
    const { simulator, syncNow, differences } = await setUp({ ...quick, world: tinyWorld() });
    simulator.faults.push({ ...fault, match: ({ path }) => path.endsWith(place), times: 100_000 });
    await expect(syncNow()).rejects.toThrow(SyncError);
    simulator.faults.clear();
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});

test.each([404, 403])("I8: a proxy's %i for a DAG deletes nothing", async (status) => {
  let hidden = "";
  const simulator = { isVisible: (dagId: string) => dagId !== hidden };
  const airflow = await setUp({ ...quick, simulator });
  await airflow.syncNow();
  hidden = [...airflow.world.dags.keys()][0]!;
  const page = { status, body: `${status} page not found`, times: 1_000 };
  airflow.simulator.faults.push({ ...page, match: ({ path }) => path === `/api/v2/dags/${hidden}` });
  await expect(airflow.syncNow({ reconcile: true })).rejects.toThrow(`answered ${status}`);
  expect(await airflow.differences()).toEqual([]);
  airflow.simulator.faults.clear();
  hidden = "";
  await airflow.syncNow({ reconcile: true });
  expect(await airflow.differences()).toEqual([]);
});

test("I10: no credential follows a redirect to another host", async () => {
  const received: string[] = [];
  const stranger = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    response.end("{}");
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void stranger.close());
  const location = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
  const { simulator, syncNow } = await setUp(quick);
  for (const path of ["/auth/token", "/api/v2/dags"]) {
    simulator.faults.push({ match: (request) => request.path === path, status: 307, headers: { location } });
    await expect(syncNow()).rejects.toThrow(`was redirected to ${location}`);
  }
  expect(received).toEqual([]);
});

test("a server that accepts and never answers ends the sync in bounded time", async () => {
  const { simulator, syncNow } = await setUp(quick);
  simulator.faults.push({ stall: "headers", match: ({ path }) => path.endsWith("/dagStats"), times: 1_000 });
  const failed = syncNow({ requests: { attemptMs: 50, retries: 1, retryWaitMs: 1 } });
  await expect(failed).rejects.toMatchObject({ code: "STREAMS_FAILED", retryable: true });
});

test("a token that expires halfway is renewed, once for all", async () => {
  const { simulator, syncNow, differences } = await setUp(quick);
  let left = 12;
  simulator.faults.push({
    match: (request) => dataRequest(request) && --left === 0,
    before: () => simulator.clock.advance(25 * 60 * 60_000),
  });
  await syncNow();
  expect(await differences()).toEqual([]);
  expect(simulator.requests.filter(({ path }) => path === "/auth/token")).toHaveLength(2);
});

describe("I1, I3: a sync that ends anywhere, then syncs again, ends with the same rows", () => {
  test.each(
    [1, 2, 3, 4, 5, 6, 8, 11, 15].flatMap((nth) => [
      { nth, when: "before" as const },
      { nth, when: "after" as const },
    ]),
  )("at commit $nth, $when it is durable", async ({ nth, when }) => {
    const world = createDemoAirflowWorld({ dags: 6, days: 3, runsPerDag: 8 });
    // test/crash kills processes with real files. This only tests how the streams resume.
    const { simulator, syncNow, differences, destination } = await setUp({
      ...quick,
      world,
      inFile: nth === 3,
      source: { runsPerAnswer: 6 },
    });
    await syncNow({ destination: failing(destination(), nth, when) }).catch(() => {});
    simulator.clock.advance(60_000);
    const dag = [...world.dags.values()].find(({ runs }) => runs.size > 1)!;
    world.finishRun(world.addRun(dag, { runId: "meanwhile" }));
    world.clearTask([...dag.runs.values()][0]!.tasks[0]!);
    await syncNow({ destination: failing(destination(), nth, when) }).catch(() => {});
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});

test("I3: an interrupted first sync resumes, and does not read everything again", async () => {
  const { simulator, syncNow, destination } = await setUp({ ...quick, source: { runsPerAnswer: 20 } });
  const isSlice = ({ path }: { path: string }) => path === "/api/v2/dags/~/dagRuns/list";
  await syncNow({ streams: ["dag_runs"], destination: failing(destination(), 4, "after") }).catch(() => {});
  const before = simulator.requests.filter(isSlice).length;
  simulator.requests.length = 0;
  await syncNow({ streams: ["dag_runs"] });
  const { length } = simulator.requests.filter(isSlice);
  expect(length).toBeLessThan(before + 4);
  expect(before).toBeGreaterThanOrEqual(4);
});

describe("I9: rows that the server cannot serialize are skipped, recorded, and end the sync with a problem", () => {
  test.each([false, true])("in a first sync and in a window, with changes by %s", async (late) => {
    const { simulator, world, syncNow, rows } = await setUp(quick);
    if (late) {
      await syncNow();
      simulator.clock.advance(60 * 60_000);
    }
    const runs = [...world.dags.values()].flatMap((dag) => [...dag.runs.values()]);
    for (const run of late ? runs : []) world.clearTask(run.tasks[0]!);
    const [first, last] = [runs[3]!, runs.at(-2)!];
    world.poison(first);
    world.poison(last.tasks[0]!);
    const error = await syncNow({ requests: { retries: 1, retryWaitMs: 1 } }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "STREAMS_FAILED" });
    const { result } = error as SyncError;
    expect(result?.streams.filter(({ error }) => error)).toEqual([]);
    expect(result?.problems.map(({ code }) => code)).toContain("UNREADABLE_ROW");
    expect((error as Error).message).toContain("Airflow cannot read row");

    const expected = world.rows();
    const isFirst = (row: PlainRow) => row.dag_id === first.dag.dagId && row.dag_run_id === first.runId;
    const isLast = (row: PlainRow) =>
      row.dag_id === last.dag.dagId &&
      row.dag_run_id === last.runId &&
      row.task_id === last.tasks[0]!.definition.taskId;
    const others = (rows: readonly PlainRow[]) => rows.filter((row) => !isFirst(row) && !isLast(row));
    for (const table of [dagRunsTable, taskInstancesTable]) {
      const wanted = expected[table.name as keyof typeof expected] as readonly PlainRow[];
      expect(differences(others(wanted), others(await rows(table)), table.primaryKey)).toEqual([]);
    }
    world.poison(first, false);
    world.poison(last.tasks[0]!, false);
    await syncNow(late ? {} : { fullRefresh: true });
  });

  test("and their pages are not retried as often as those of a failing server", async () => {
    const { simulator, world, syncNow } = await setUp(quick);
    await syncNow();
    simulator.clock.advance(60_000);
    const [dag] = world.dags.values();
    const run = world.addRun(dag!);
    world.poison(run);
    const events: SyncEvent[] = [];
    const requests = { retries: 8, retryWaitMs: 1, retryWaitMaxMs: 1 };
    const synced = syncNow({ requests, onEvent: (event) => events.push(event) });
    await expect(synced).rejects.toMatchObject({ code: "STREAMS_FAILED" });
    const attempts = events.flatMap((event) => (event.type === "request-retried" ? [event.attempt] : []));
    expect(Math.max(...attempts)).toBe(2);
  });
});
