/** What a user may not ask of Dagster, or what the server does not have, by each part of what opt-in streams request. */
import { createEmptyDagsterWorld } from "@org/simulators/internal";
import type { SyncError } from "@org/sync-engine";
import type { Told } from "@org/testkit/lying-front";
import { expect, test } from "vitest";
import { startFixture } from "./dagster-server.ts";

const hour = 3_600_000;

/** A world in which a second sync sends every request. */
function busyWorld() {
  const world = createEmptyDagsterWorld();
  const { further } = world;
  world.addLocation("main", {
    assets: [{ path: ["orders"] }],
    sensors: [{ name: "new_files", jobName: "load", type: "STANDARD" }],
  });
  const add = () => {
    further.tick(world.location("main").sensors[0]!.selectorId, "SKIPPED", world.now());
    further.event("MATERIALIZATION", ["orders"], world.now());
    further.check(["orders"], "is_fresh", "SUCCEEDED", world.now());
    further.steps.set(world.completeRun({ jobName: "load" }).runId, [
      { stepKey: "load", status: "SUCCESS", attempts: [] },
    ]);
    for (let n = 0; n < 60; n += 1)
      further.backfill(`${world.now()} ${n}`, n === 0 ? "REQUESTED" : "COMPLETED", world.now());
  };
  further.heartbeats.set("SENSOR", world.now());
  further.pools.push({ name: "database", slots: 3, active: 2, pending: 1 });
  return { world, add };
}

/** Parts of requests that the server refuses as data: the operation, the field, and which streams need it. */
const refused = [
  ["Overview", "workspace", ["code_locations", "asset_edges"]],
  ["Overview", "queued", ["concurrency"]],
  ["Overview", "active", ["concurrency"]],
  ["Overview", "backfills", ["backfills"]],
  ["Overview", "events", ["materializations"]],
  ["InstigatorTicks", "item_0", ["ticks"]],
  ["AssetEvents", "item_0", ["materializations"]],
  ["RunsSteps", "runs", ["steps"]],
  ["BackfillsPage", "backfills", ["backfills"]],
  ["BackfillById", "item_0", ["backfills"]],
] as const;

/** Parts that its schema lacks. */
const lacking = [
  ["Overview", "daemonHealth", ["daemons"]],
  ["Overview", "concurrencyLimits", ["concurrency"]],
  ["Overview", "dependencyKeys", ["asset_edges"]],
  ["Overview", "assetChecksOrError", ["asset_checks"]],
  ["AssetCheckExecutions", "assetCheckExecutions", ["asset_checks"]],
] as const;

test("I8: whatever is refused or lacking costs no row and no other stream, and is made up for once it is not", async () => {
  let refuse = (_told: Told, _operation: string) => {};
  const { world, add } = busyWorld();
  const answer = (told: Told) => refuse(told, /query (\w+)/.exec(told.asked?.query)?.[1] ?? "");
  const fixture = await startFixture(world, { lie: { answer } });
  const count = () =>
    fixture.rows("dagster_ticks").length +
    fixture.rows("dagster_materializations").length +
    fixture.rows("dagster_asset_checks").length +
    fixture.rows("dagster_steps").length;
  add();
  await fixture.sync({ streams: ["all"] });
  expect(count()).toBe(4);
  const hit = { refused: 0 };
  const cases = [
    ...refused.map(([operation, field, streams]) => ({
      ...{ name: `${operation} ${field}`, streams },
      refuse: (told: Told, sent: string) => {
        if (sent !== operation || !(field in (told.body.data ?? {}))) return;
        hit.refused += 1;
        told.body.data[field] = { __typename: "UnauthorizedError", message: "Not yours." };
      },
    })),
    ...lacking.map(([operation, field, streams]) => ({
      ...{ name: `${operation} ${field}`, streams },
      refuse: (told: Told, sent: string) => {
        if (sent !== operation || (operation === "Overview" && !told.body.data)) return;
        const part = { daemonHealth: "daemons", concurrencyLimits: "concurrency", dependencyKeys: "edges" }[
          field as string
        ];
        if (operation === "Overview" && !((part ?? "checks") in told.body.data)) return;
        hit.refused += 1;
        told.status = 400;
        told.body = { data: null, errors: [{ message: `Cannot query field "${field}" on type "Query".` }] };
      },
    })),
  ];
  let [rows, most] = [4, 0];
  for (const each of cases) {
    world.advance(hour);
    add();
    rows += 4;
    refuse = each.refuse;
    hit.refused = 0;
    const { events, error } = await fixture.sync({ streams: ["all"] }).then(
      ({ events }) => ({ events, error: undefined }),
      (error: SyncError) => ({ events: [], error }),
    );
    expect([each.name, error?.message, hit.refused > 0]).toEqual([each.name, undefined, true]);
    const said = events.flatMap((event) => (event.type === "notice" ? [event.message] : []));
    expect([each.name, ...said]).toEqual([
      each.name,
      ...each.streams.map((name) => expect.stringMatching(new RegExp(`^What ${name} needs cannot be read: `))),
    ]);
    // What the case before lacked, this one brings.
    expect([each.name, count() >= most]).toEqual([each.name, true]);
    most = rows - 4;
  }
  refuse = () => {};
  await fixture.sync({ streams: ["all"] });
  expect(count()).toBe(rows);
  expect(fixture.rows("dagster_backfills")).toHaveLength(60 * (cases.length + 1));
});
