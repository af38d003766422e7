/** Servers, caches and proxies that lie: a sync must not believe them, fail without a reason, or never end. */
import { createDemoAirflowWorld } from "@org/simulators/internal";
import type { SyncError, SyncOptions } from "@org/sync-engine";
import type { Lie, Told } from "@org/testkit/lying-front";
import { describe, expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

const quick = { simulator: { validate: false } };
const tiny = () => createDemoAirflowWorld({ dags: 4, days: 3, runsPerDag: 5 });
const isDags = ({ url }: Told) => url.pathname === "/api/v2/dags";
const isList = (told: Told, name: string) => Array.isArray(told.body?.[name]);

/** The stream errors of a sync that must fail. */
async function failed({ syncNow }: Awaited<ReturnType<typeof setUp>>, options: Partial<SyncOptions> = {}) {
  const error = (await syncNow(options).catch((thrown: unknown) => thrown)) as SyncError;
  expect(error).toMatchObject({ code: "STREAMS_FAILED" });
  return error.result!.streams.map(({ stream, error }) => ({ stream, error: error as SyncError | undefined }));
}

describe("a response without its total is rejected, and the next sync finds what it lacked", () => {
  const numbers = [undefined, null, -1, 1.5, "many", 1e308];
  const lists = ["dags", "dag_runs", "task_instances"] as const;
  const cases = lists.flatMap((list) => numbers.map((number) => ({ list, number })));

  test.each(cases)("$list with $number", async ({ list, number }) => {
    const lie: Lie = {
      answer: (told) => {
        if (!isList(told, list) || told.url.pathname.endsWith("/tries") || told.url.searchParams.has("cursor")) return;
        told.body = { ...told.body, [list]: told.body[list].slice(0, 2), total_entries: number };
      },
    };
    const airflow = await setUp({ ...quick, world: tiny(), lie });
    const errors = (await failed(airflow)).flatMap(({ error }) => (error ? [error] : []));
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(error).toMatchObject({ code: "UNEXPECTED_ANSWER", retryable: false });
      expect(error.message).toMatch(/\(http:\/\/127.*\/api\/v2\/.* total_entries is .*whole number from 0/);
    }
    airflow.front.tell();
    await airflow.syncNow();
    expect(await airflow.differences()).toEqual([]);
  });
});

test.each([0, 1, 30])("I7: a list of DAGs whose total is %i is still read to its end", async (number) => {
  const lie: Lie = {
    answer: (told) => {
      if (isDags(told)) told.body.total_entries = number;
    },
  };
  const { syncNow, differences } = await setUp({
    world: createDemoAirflowWorld({ dags: 60, days: 1, runsPerDag: 1 }),
    simulator: { validate: false, maximumPageLimit: 25 },
    lie,
  });
  await syncNow({ streams: ["dags"] });
  expect((await differences()).filter((each) => each.includes("airflow_dags"))).toEqual([]);
});

test.each([0, 3])(
  "I8: if fewer rows are counted than arrive, the list is not considered complete: %i",
  async (number) => {
    const airflow = await setUp({ ...quick, world: tiny(), lie: {} });
    await airflow.syncNow();
    airflow.front.tell({
      answer: (told) => {
        if (isList(told, "task_instances") && told.url.pathname.endsWith("/list")) told.body.total_entries = number;
      },
    });
    const streams = await failed(airflow, { reconcile: true, fullRefresh: true });
    expect(streams.at(-1)?.error).toMatchObject({ code: "UNSTEADY_SERVER" });
    expect(await airflow.differences()).toEqual([]);
  },
);

describe("an endless list ends", () => {
  const world = () => createDemoAirflowWorld({ dags: 60, days: 2, runsPerDag: 4 });
  let cursors = 0;
  const lies: Record<string, { readonly lie: Lie; readonly later?: true }> = {
    "the server ignores the offset": { lie: { ask: ({ searchParams }) => searchParams.delete("offset") } },
    "every cursor is new, and brings the same rows": {
      lie: {
        ask: ({ searchParams }) => {
          if (searchParams.has("cursor")) searchParams.set("cursor", "");
        },
        answer: (told) => {
          if (told.url.searchParams.has("cursor") && told.status === 200) told.body.next_cursor = `c${++cursors}`;
        },
      },
      later: true,
    },
    "a page by cursor is empty, and leads on": {
      lie: {
        ask: ({ searchParams }) => {
          if (searchParams.has("cursor")) searchParams.set("cursor", "");
        },
        answer: (told) => {
          const list = told.body?.dag_runs ? "dag_runs" : "task_instances";
          if (told.url.searchParams.has("cursor"))
            told.body = { ...told.body, [list]: [], next_cursor: `c${++cursors}` };
        },
      },
      later: true,
    },
    "the event log has always more": {
      lie: {
        ask: ({ pathname, searchParams }) => {
          if (pathname.endsWith("/eventLogs")) searchParams.delete("offset");
        },
        answer: (told) => {
          if (told.url.pathname.endsWith("/eventLogs")) told.body.total_entries = Number.MAX_SAFE_INTEGER;
        },
      },
      later: true,
    },
    "the server ignores run_after": {
      lie: {
        answer: (told) => {
          if (!isList(told, "dag_runs") || told.method !== "POST") return;
          const row = (minute: number) => ({
            ...told.body.dag_runs[0],
            dag_run_id: `r${minute}`,
            run_after: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`,
          });
          told.body = { dag_runs: Array.from({ length: 50 }, (_, n) => row(n)), total_entries: 5_000 };
        },
      },
    },
  };

  test.each(Object.entries(lies))("%s", async (_, { lie, later }) => {
    const airflow = await setUp({
      world: world(),
      simulator: { validate: false, maximumPageLimit: 25 },
      lie: later ? {} : lie,
    });
    if (later) {
      await airflow.syncNow();
      airflow.simulator.clock.advance(60_000);
      airflow.world.clearTask([...[...airflow.world.dags.values()][0]!.runs.values()][0]!.tasks[0]!);
      airflow.front.tell(lie);
    }
    const before = airflow.front.asked();
    const errors = (await failed(airflow)).flatMap(({ error }) => (error ? [error] : []));
    expect(errors.map(({ code }) => code)).toContain("NO_PROGRESS");
    expect(airflow.front.asked() - before).toBeLessThan(250);
    airflow.front.tell();
    await airflow.syncNow();
    expect(await airflow.differences()).toEqual([]);
  });
});

describe("a malformed response is reported with its URL and its field", () => {
  /** The lie's request, the tampered body, and the expected error. */
  const lies: Record<string, readonly [path: RegExp, change: (body: Told["body"]) => unknown, said: RegExp]> = {
    "null rows": [/\/dags$/, (body) => ({ ...body, dags: [null] }), /dags\[0\] is null, expected an object/],
    "rows that are texts": [/\/dags$/, (body) => ({ ...body, dags: ["a"] }), /dags\[0\] is "a"/],
    "a list that is a text": [/\/dags$/, (body) => ({ ...body, dags: "none" }), /dags is "none", expected a list/],
    "no fields": [/\/dags$/, (body) => ({ ...body, dags: [{ dag_id: "a" }] }), /dags\[0\].is_paused is missing/],
    "an id that is an object": [
      /\/dags$/,
      (b) => ({ ...b, dags: [{ ...b.dags[0], dag_id: {} }] }),
      /dag_id is an object/,
    ],
    "an id that is a list": [/\/dags$/, (b) => ({ ...b, dags: [{ ...b.dags[0], dag_id: [] }] }), /dag_id is a list/],
    "owners that are none": [/\/dags$/, (b) => ({ ...b, dags: [{ ...b.dags[0], owners: null }] }), /owners is null/],
    "stats that are null": [/dagStats$/, (b) => ({ dags: [{ ...b.dags[0], stats: null }] }), /dags\[0\].stats is null/],
    "a negative count": [
      /dagStats$/,
      (b) => ({ dags: [{ ...b.dags[0], stats: [{ state: "failed", count: -1 }] }] }),
      /count is -1/,
    ],
    "runs without versions": [
      /dagRuns\/list$/,
      (b) => ({ ...b, dag_runs: b.dag_runs.map((run: object) => ({ ...run, dag_versions: null })) }),
      /dag_runs\[0\].dag_versions is null/,
    ],
    "a run without its time": [
      /dagRuns\/list$/,
      (b) => ({ ...b, dag_runs: b.dag_runs.map((run: object) => ({ ...run, run_after: undefined })) }),
      /dag_runs\[0\].run_after is missing/,
    ],
    "a time that is a number": [
      /dagRuns\/list$/,
      (b) => ({ ...b, dag_runs: b.dag_runs.map((run: object) => ({ ...run, end_date: 7 })) }),
      /end_date is 7, expected text/,
    ],
    "a number of a try that is text": [
      /taskInstances\/list$/,
      (b) => ({ ...b, task_instances: b.task_instances.map((row: object) => ({ ...row, try_number: "1" })) }),
      /try_number is "1", expected a whole number/,
    ],
    "an index that is no whole number": [
      /taskInstances\/list$/,
      (b) => ({ ...b, task_instances: b.task_instances.map((row: object) => ({ ...row, map_index: 0.5 })) }),
      /map_index is 0.5/,
    ],
    "tries that are null": [/tries$/, (b) => ({ ...b, task_instances: null }), /task_instances is null/],
    "an event that is null": [
      /eventLogs$/,
      () => ({ event_logs: [null], total_entries: 1 }),
      /event_logs\[0\] is null/,
    ],
    "an answer that is null": [/dagStats$/, () => null, /(it|that) is null, expected an object/],
    "an answer that is a list": [/dagStats$/, () => [], /(it|that) is a list, expected an object/],
  };

  test.each(Object.entries(lies))("%s", async (_, [path, change, said]) => {
    const lie: Lie = {
      answer: (told) => {
        if (told.status === 200 && path.test(told.url.pathname)) told.body = change(told.body);
      },
    };
    const airflow = await setUp({ ...quick, world: tiny(), lie });
    const before = airflow.front.asked();
    const errors = (await failed(airflow)).flatMap(({ error }) => (error ? [error] : []));
    for (const error of errors) {
      expect(error.code).toBe("UNEXPECTED_ANSWER");
      expect(error.message).toMatch(said);
      expect(error.message).toContain("127.0.0.1");
      expect(error.message.length).toBeLessThan(600);
    }
    expect(airflow.front.asked() - before).toBeLessThan(200);
    airflow.front.tell();
    await airflow.syncNow();
    expect(await airflow.differences()).toEqual([]);
  });
});

test("a proxy's page in place of a response, twice, costs nothing", async () => {
  let times = 2;
  const lie: Lie = {
    answer: (told) => {
      if (isDags(told) && times-- > 0) told.body = {};
    },
  };
  const { syncNow, differences } = await setUp({ ...quick, world: tiny(), lie });
  await syncNow();
  expect(await differences()).toEqual([]);
});

test.each([0, 2])("I8: a server that counts more runs than it lists is reported: it lists %i", async (most) => {
  const airflow = await setUp({ ...quick, world: tiny(), lie: {} });
  airflow.front.tell({
    answer: ({ body }) => {
      if (!Array.isArray(body?.dag_runs)) return;
      body.dag_runs = body.dag_runs.slice(0, most);
      body.total_entries = Math.min(body.total_entries, most);
    },
  });
  const error = (await airflow.syncNow().catch((thrown: unknown) => thrown)) as SyncError;
  expect(error.result?.problems[0]).toMatchObject({
    code: "CONTRADICTION",
    message: expect.stringMatching(/counts \d+ runs of \w+, but lists [02]\./),
  });
  airflow.front.tell();
  await airflow.syncNow();
  expect(await airflow.differences()).toEqual([]);
});
