import { createAirflowWorld, defaultStartMs, type Fault } from "@org/simulators";
import { dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import { SyncError } from "@org/sync-engine";
import { describe, expect, test } from "vitest";
import { differences, type PlainRow, readTable } from "../../../test/live/compare.ts";
import { failing, setUp, smallWorld } from "./airflow-sync.ts";

const dataRequest: NonNullable<Fault["match"]> = ({ path }) => path !== "/auth/token";

/** Each is what a network, a proxy or a busy server does to an answer; none of them may cost a row. */
const passing: Record<string, Fault> = {
  "429 with Retry-After": { status: 429, headers: { "retry-after": "0" }, body: "slow down" },
  "500 as text": { status: 500, body: "Internal Server Error" },
  "502 from a proxy": { status: 502, body: "<html>Bad Gateway</html>" },
  "503 with a date": { status: 503, headers: { "retry-after": new Date(defaultStartMs - 1000).toUTCString() } },
  "504 from a proxy": { status: 504, body: "" },
  "a connection reset": { reset: true },
  "a body cut after 1 byte": { cutBodyAt: 1 },
  "a body cut in the middle": { cutBodyAt: 400 },
};

describe("I9: what passes costs no row", () => {
  test.each(Object.entries(passing))("%s, at every fifth request of a sync", async (_, fault) => {
    const { simulator, syncNow, differences } = await setUp();
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

describe("I9: what does not pass is an error, never fewer rows and success", () => {
  const lasting: Record<string, Fault> = {
    "HTML with status 200": { html200: true },
    "an empty object with status 200": { body: {} },
    "a body that is always cut": { cutBodyAt: 20 },
    "500 for ever": { status: 500, body: "Internal Server Error" },
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
    const { simulator, syncNow, differences } = await setUp();
    simulator.faults.push({ ...fault, match: ({ path }) => path.endsWith(place), times: 100_000 });
    await expect(syncNow()).rejects.toThrow(SyncError);
    simulator.faults.clear();
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});

test("a server that accepts and never answers ends the sync in bounded time", async () => {
  const { simulator, syncNow } = await setUp();
  simulator.faults.push({ stall: "headers", match: ({ path }) => path.endsWith("/dagStats"), times: 1_000 });
  const failed = syncNow({ requests: { attemptMs: 50, retries: 1, retryWaitMs: 1 } });
  await expect(failed).rejects.toMatchObject({ code: "STREAMS_FAILED", retryable: true });
});

test("a token that expires in the middle is renewed, once for all", async () => {
  const { simulator, syncNow, differences } = await setUp();
  let left = 12;
  simulator.faults.push({
    match: (request) => dataRequest(request) && --left === 0,
    before: () => simulator.clock.advance(25 * 60 * 60_000),
  });
  await syncNow();
  expect(await differences()).toEqual([]);
  expect(simulator.requests.filter(({ path }) => path === "/auth/token")).toHaveLength(2);
});

describe("I1, I3: a sync that ends anywhere, then syncs again, ends in the same rows", () => {
  test.each(
    [1, 2, 3, 4, 5, 6, 8, 11, 15].flatMap((nth) => [
      { nth, when: "before" as const },
      { nth, when: "after" as const },
    ]),
  )("at commit $nth, $when it is durable", async ({ nth, when }) => {
    const world = createAirflowWorld({ dags: 6, days: 3, runsPerDag: 8 });
    const { simulator, syncNow, differences, duckdb } = await setUp({ world, source: { runsPerAnswer: 6 } });
    await syncNow({ destination: failing(duckdb(), nth, when) }).catch(() => {});
    simulator.clock.advance(60_000);
    const dag = [...world.dags.values()].find(({ runs }) => runs.size > 1)!;
    world.finishRun(world.addRun(dag, { runId: "meanwhile" }));
    world.clearTask([...dag.runs.values()][0]!.tasks[0]!);
    await syncNow({ destination: failing(duckdb(), nth, when) }).catch(() => {});
    await syncNow();
    expect(await differences()).toEqual([]);
  });
});

test("I3: a first sync that was ended goes on where it was, and does not read all again", async () => {
  const { simulator, syncNow, duckdb } = await setUp({ world: smallWorld(), source: { runsPerAnswer: 20 } });
  const isSlice = ({ path }: { path: string }) => path === "/api/v2/dags/~/dagRuns/list";
  await syncNow({ streams: ["dag_runs"], destination: failing(duckdb(), 4, "after") }).catch(() => {});
  const before = simulator.requests.filter(isSlice).length;
  simulator.requests.length = 0;
  await syncNow({ streams: ["dag_runs"] });
  const { length } = simulator.requests.filter(isSlice);
  expect(length).toBeLessThan(before + 4);
  expect(before).toBeGreaterThanOrEqual(4);
});

describe("I9: rows that the server cannot print are gone around, recorded, and end the sync with a problem", () => {
  test.each([false, true])("in a first sync and in a window, with changes by %s", async (late) => {
    const { simulator, world, syncNow, path } = await setUp();
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
      const rows = await readTable(path, table);
      const wanted = expected[table.name as keyof typeof expected] as readonly PlainRow[];
      expect(differences(others(wanted), others(rows), table.primaryKey)).toEqual([]);
    }
    world.poison(first, false);
    world.poison(last.tasks[0]!, false);
    await syncNow(late ? {} : { fullRefresh: true });
  });
});
