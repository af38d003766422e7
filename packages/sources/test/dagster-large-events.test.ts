/** Rows of the further streams that no response can carry, or that the server fails on: they stop nothing else. */
import { createEmptyDagsterWorld, type DagsterWorld } from "@org/simulators/internal";
import type { SyncError } from "@org/sync-engine";
import type { Lie } from "@org/testkit/lying-front";
import { expect, test } from "vitest";
import { startFixture } from "./dagster-server.ts";

/** At night, the oldest version too. */
const versions = process.env.NIGHTLY ? (["1.7.10", "1.13.27"] as const) : (["1.13.27"] as const);
const second = 1_000_000;
const limit = 200_000;
const large = "x".repeat(2 * limit);

const streams = ["default", "ticks", "materializations", "asset_checks", "steps"];
const tables = ["dagster_ticks", "dagster_materializations", "dagster_asset_checks", "dagster_steps"];

/** A world with 10 rows of each further kind, one of which is large. */
function worldWithOne(text: string): DagsterWorld {
  const world = createEmptyDagsterWorld();
  const { further } = world;
  world.addLocation("main", {
    assets: [{ path: ["orders"] }, { path: ["other"] }],
    sensors: [{ name: "new_files", jobName: "load", type: "STANDARD" }],
  });
  const sensor = world.location("main").sensors[0]!.selectorId;
  for (let index = 0; index < 10; index += 1) {
    const at = world.now() - (100 - index) * second;
    const description = index === 5 ? text : null;
    further.tick(sensor, "SKIPPED", at, { cursor: description });
    further.event("MATERIALIZATION", [index === 3 ? "other" : "orders"], at, { description });
    further.check(["orders"], "is_fresh", "SUCCEEDED", at).description = description;
    const run = world.completeRun({ jobName: "load" });
    further.steps.set(run.runId, [{ stepKey: description ?? "load", status: "SUCCESS", attempts: [] }]);
  }
  return world;
}

test.each(versions)(
  "%s: one that is too large is skipped and named, and what comes later is stored",
  async (version) => {
    const world = worldWithOne(large);
    world.advance(60_000);
    const fixture = await startFixture(world, { version, maxResponseBytes: limit });
    const failed = (await fixture.sync({ streams }).catch((error: unknown) => error)) as SyncError;
    expect(failed.result?.streams.filter(({ error }) => error)).toEqual([]);
    const named = failed.result!.problems.map(({ code, message }) => [code, message]);
    const what = [
      "ticks of new_files \\(main\\)",
      'events of assets of \\["orders"\\]',
      "checks of is_fresh of .*orders",
      "run ",
    ];
    for (const name of what) {
      expect(named).toContainEqual([
        "ROW_TOO_LARGE",
        expect.stringMatching(new RegExp(`^Not synced, .* ${name}.*maxResponseBytes`)),
      ]);
    }
    const counts = () => tables.map((table) => fixture.rows(table).length);
    // Versions without a list by insertion only have pages by time, which are skipped whole.
    const events = version === "1.7.10" ? 1 : 9;
    expect(counts()).toEqual([9, events, 9, 9]);

    world.advance(60_000);
    world.further.event("MATERIALIZATION", ["other"], world.now());
    world.further.tick(world.location("main").sensors[0]!.selectorId, "SKIPPED", world.now());
    await fixture.sync({ streams });
    expect(counts()).toEqual([10, events + 1, 9, 9]);
  },
);

test("many that only together are too large are requested in smaller parts", async () => {
  const world = createEmptyDagsterWorld();
  world.addLocation("main", { assets: [{ path: ["orders"] }] });
  for (let index = 0; index < 12; index += 1)
    world.further.event("MATERIALIZATION", ["orders"], world.now() - index * second, { description: large });
  const fixture = await startFixture(world, { maxResponseBytes: 5 * limit });
  await fixture.sync({ streams });
  expect(fixture.rows("dagster_materializations")).toHaveLength(12);
});

test("one that the server fails on is skipped and named, with everything else stored", async () => {
  const lie: Lie = {
    answer: (told) => {
      if (!JSON.stringify(told.body).includes("poison")) return;
      told.body = { data: null, errors: [{ message: "cannot be deserialized", path: ["item_0"] }] };
    },
  };
  const fixture = await startFixture(worldWithOne("poison"), { lie });
  const failed = (await fixture.sync({ streams }).catch((error: unknown) => error)) as SyncError;
  expect(failed.result?.streams.filter(({ error }) => error)).toEqual([]);
  const problems = failed.result!.problems.map(({ code, message }) => `${code} ${message}`);
  expect(problems).toHaveLength(4);
  for (const problem of problems)
    expect(problem).toMatch(/^UNREADABLE_ROW Dagster cannot read .* cannot be deserialized/);
  expect(tables.map((table) => fixture.rows(table).length)).toEqual([9, 9, 9, 9]);
});

test("an asset that is wiped, or a sensor that goes, while its rows are requested, stops nothing", async () => {
  const world = worldWithOne("");
  const fixture = await startFixture(world, {
    lie: {
      answer: ({ body }) => {
        const items = body.data ?? {};
        for (const [name, item] of Object.entries<{ __typename?: string; history?: { results: unknown[] } }>(items)) {
          if (item?.__typename === "InstigationState")
            items[name] = { __typename: "InstigationStateNotFoundError", message: "gone" };
          if (item?.__typename === "Asset" && item.history?.results.length === 1)
            items[name] = { __typename: "AssetNotFoundError", message: "gone" };
        }
      },
    },
  });
  await fixture.sync({ streams });
  expect(tables.map((table) => fixture.rows(table).length)).toEqual([0, 9, 10, 10]);
});
