/** Servers, caches and proxies that lie: a sync must not believe them, fail without a reason, or never end. */
import { createDemoDagsterWorld } from "@org/simulators/internal";
import type { SyncError } from "@org/sync-engine";
import type { Lie, Told } from "@org/testkit/lying-front";
import { describe, expect, test } from "vitest";
import { startFixture } from "./dagster-server.ts";

type Fixture = Awaited<ReturnType<typeof startFixture>>;
type Free = Told["body"];
const small = () => createDemoDagsterWorld({ runs: 120 });

/** Tampers with the responses to one operation. */
const lieTo = (operation: string, change: (data: Free, asked: Free) => void): Lie => ({
  answer: (told) => {
    if (String(told.asked?.query).includes(`query ${operation}`)) change(told.body.data, told.asked.variables);
  },
});

/** Sets a value in a response. */
function put(data: Free, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop() as string;
  names.reduce((part, name) => part[name], data)[last] = value;
}

async function failed(fixture: Fixture) {
  const error = (await fixture.sync().catch((thrown: unknown) => thrown)) as SyncError;
  expect(error).toMatchObject({ code: "STREAMS_FAILED" });
  return error.result!.streams.flatMap(({ error }) => (error ? [error as SyncError] : []));
}

describe("a malformed response is reported with its URL and its field", () => {
  const lies: Record<string, readonly [lie: Lie, said: RegExp]> = {
    "tags that are null": [lieTo("RunsPage", (d) => put(d, "runs.results.0.tags", null)), /\[0\]\.tags is null/],
    "runs that are null": [lieTo("RunsPage", (d) => put(d, "runs.results.3", null)), /null/],
    "runs that are no list": [lieTo("RunsPage", (d) => put(d, "runs.results", "none")), /list/],
    "a run without an id": [
      lieTo("RunsPage", (d) => void delete d.runs.results[0].runId),
      /ids of runs|runId is missing/,
    ],
    "a run without fields": [
      lieTo("RunsPage", (d) => put(d, "runs.results.1", { runId: "a" })),
      /\[1\]\.jobName is missing/,
    ],
    "a time that is text": [lieTo("RunsPage", (d) => put(d, "runs.results.0.endTime", "now")), /endTime is "now"/],
    "tags of an open run": [
      lieTo("RunChanges", (d) => put(d, "head.results.0.tags", [null])),
      /head\.results\[0\]\.tags\[0\] is null/,
    ],
    "a path that is text": [
      lieTo("Definitions", (d) => put(d, "assetNodes.0.assetKey.path", "a/b")),
      /assetKey\.path is "a\/b"/,
    ],
    "a path with numbers": [lieTo("Definitions", (d) => put(d, "assetKeys.nodes.0.key.path", [7])), /path\[0\] is 7/],
    "schedules that are null": [
      lieTo("Definitions", (d) =>
        put(d, "workspace.locationEntries.0.locationOrLoadError.repositories.0.schedules", null),
      ),
      /repositories\[0\]\.schedules is null/,
    ],
    "a workspace that is text": [
      lieTo("Definitions", (d) => put(d, "workspace", "none")),
      /workspace is "none", expected an object/,
    ],
    "a type that is nested too deeply": [
      {
        answer: (told) => {
          if (String(told.asked?.query).includes("query RunsPage")) {
            told.body = `{"data":{"runs":{"__typename":${"[".repeat(20_000)}${"]".repeat(20_000)},"results":[]}}}`;
          }
        },
      },
      /returned nothing instead of Runs/,
    ],
    "a union that is empty": [lieTo("RunsPage", (d) => put(d, "runs", {})), /returned nothing instead of Runs/],
    "an error member": [
      lieTo("RunChanges", (d) => put(d, "head", { __typename: "TypeError", message: "busy" })),
      /busy \(TypeError\)/,
    ],
    "no statuses": [lieTo("Definitions", (d) => put(d, "statuses", null)), /does not list the statuses/],
    "nested too deeply": [
      {
        answer: (told) => {
          if (String(told.asked?.query).includes("query Definitions")) {
            told.body = `{"data":{"workspace":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`;
          }
        },
      },
      /version is missing/,
    ],
  };

  test.each(Object.entries(lies))("%s", async (_, [lie, said]) => {
    const fixture = await startFixture(small(), { lie });
    for (const error of await failed(fixture)) {
      expect(["UNEXPECTED_ANSWER", "RESULT"]).toContain(error.code);
      expect(error.message).toMatch(said);
      expect(error.message).toMatch(/^The response to [\w ]+ \(http:\/\/127\.0\.0\.1:\d+\/graphql\)/);
      expect(error.retryable).toBe(false);
    }
    expect(fixture.front.asked()).toBeLessThan(40);
    fixture.front.tell();
    await fixture.sync();
    fixture.expectTablesAsInWorld();
  });
});

test("an impossible timestamp keeps its row from being stored, and no other", async () => {
  const lie = lieTo("RunsPage", (data) => {
    const run = data.runs.results.find(({ endTime }: { endTime: unknown }) => endTime);
    if (run) run.endTime = 1e308;
  });
  const fixture = await startFixture(small(), { lie });
  const error = (await fixture.sync().catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toMatch(/column end_time: .*1e\+308/);
  fixture.front.tell();
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

describe("an endless list ends", () => {
  let turns = 0;
  let seen: Free[] = [];
  let first = "";
  const lies: Record<string, Lie> = {
    "the same runs in another order": lieTo("RunsPage", (data) => {
      turns += 1;
      data.runs.results = Array.from({ length: 10 }, (_, index) => ({
        ...data.runs.results[0],
        runId: `run ${(turns * 7 + index) % 43}`,
      }));
    }),
    "runs that are gone before the next page": {
      answer: (told) => {
        const query = String(told.asked?.query);
        if (query.includes("query RunIdsPage")) told.body.data.runIds.results = [told.asked.variables.filter.runIds[0]];
        if (query.includes("query RunsPage") && told.asked.variables.pageToken) {
          told.body.data.runs.results = told.asked.variables.pageToken === first ? seen : [];
        }
        if (query.includes("query RunsPage") && !told.asked.variables.pageToken) {
          seen = told.body.data.runs.results.slice(1);
          first = told.body.data.runs.results[0].runId;
          told.body.data.runs.results = told.body.data.runs.results.slice(0, 1);
        }
      },
    },
  };

  test.each(Object.entries(lies))("%s", async (_, lie) => {
    const fixture = await startFixture(small(), { pageSize: 10, lie });
    const outcome = await fixture.sync().catch((thrown: unknown) => thrown);
    expect(fixture.front.asked()).toBeLessThan(300);
    if (outcome instanceof Error) expect((outcome as SyncError).code).toBe("STREAMS_FAILED");
    fixture.front.tell();
    await fixture.sync({ fullRefresh: true });
    fixture.expectTablesAsInWorld();
  });
});

test("I13: two different runs with one id store nothing of their response", async () => {
  const lie = lieTo("RunsPage", ({ runs }) => {
    runs.results.push({ ...runs.results[0], status: "CANCELED" });
  });
  const fixture = await startFixture(small(), { lie });
  const errors = await failed(fixture);
  expect(errors[0]).toMatchObject({ code: "KEY_COLLISION", message: expect.stringContaining('"CANCELED"') });
  expect(fixture.rows("dagster_runs")).toEqual([]);
  fixture.front.tell();
  await fixture.sync();
  fixture.expectTablesAsInWorld();
});

test("I13: two different sensors with one selector id are none", async () => {
  const lie = lieTo("Definitions", ({ workspace }) => {
    const repositories = workspace.locationEntries.flatMap(
      (each: Free) => each.locationOrLoadError?.repositories ?? [],
    );
    const { sensors } = repositories.find((each: Free) => each.sensors.length > 0);
    sensors.push({ ...sensors[0], name: "another" });
  });
  const fixture = await startFixture(small(), { lie });
  expect((await failed(fixture)).map(({ code }) => code)).toEqual(["KEY_COLLISION"]);
  expect(fixture.rows("dagster_sensors")).toEqual([]);
});

describe("wrong clocks", () => {
  const day = 24 * 3_600_000;
  test.each(["-271821-04-20T00:00:00Z", "Mon, 30 Feb 2026 00:00:00 GMT", "soon"])(
    "I6: an invalid Date is ignored, and reported once: %s",
    async (date) => {
      const world = small();
      const lie = { answer: ({ headers }: Told) => void Object.assign(headers, { date }) };
      const fixture = await startFixture(world, { lie });
      const { events } = await fixture.sync();
      const notices = events.flatMap((event) => (event.type === "notice" ? [event.code] : []));
      expect(notices.filter((code) => code === "IMPOSSIBLE_DATE")).toHaveLength(1);
      expect(Date.parse("2020-01-01")).toBeLessThan(JSON.parse(fixture.state("runs")!).data.position.server);
      await fixture.sync();
      fixture.expectTablesAsInWorld();
    },
  );

  test("a sync while both clocks were years ahead loses no later change", async () => {
    const world = small();
    let aheadMs = 80 * 365 * day;
    const lie: Lie = {
      answer: ({ headers }) => {
        headers.date = new Date(world.clock.now() + aheadMs).toUTCString();
      },
    };
    const fixture = await startFixture(world, { lie });
    const now = () => world.clock.now() + aheadMs;
    await fixture.sync({ now });
    aheadMs = 0;
    const ended = [...world.runs.values()].find(({ status }) => status === "SUCCESS");
    world.advance(3_600_000_000);
    world.tag(ended!, "later", "tag");
    world.advance(30 * 60_000_000);
    await fixture.sync({ now, reconcile: false });
    fixture.expectTablesAsInWorld();
  });
});
