import { hosted } from "@org/testkit/cli/hosted";
import { messagesIn } from "@org/testkit/cli/tiny-host";
import { expect, test } from "vitest";

const records = ({ stdout }: { readonly stdout: string }) =>
  messagesIn(stdout).filter(({ type }) => type === "RECORD").length;

test.each([
  { format: "airbyte", withStore: false },
  { format: "airbyte", withStore: true },
  { format: "singer", withStore: false },
  { format: "singer", withStore: true },
] as const)("a host of $format gets Airflow's rows, and then what changed (store: $withStore)", async (each) => {
  const { read, differences, world, simulator } = await hosted("airflow", each.format, each);
  const first = await read();
  expect(first).toMatchObject({ code: 0 });
  expect(differences()).toEqual([]);
  simulator.clock.advance(60_000);
  const [dag] = [...world.dags.values()];
  const [old] = [...dag!.runs.values()];
  world.clearTask(old!.tasks[0]!);
  world.finishRun(world.addRun(dag!, { runId: "manual", conf: { big: 2 ** 53 } }), "failed");
  const second = await read();
  expect(second).toMatchObject({ code: 0 });
  expect(differences()).toEqual([]);
  expect(records(second)).toBeLessThan(records(first) / 3);
});

test.each([
  { format: "airbyte", withStore: false },
  { format: "airbyte", withStore: true },
  { format: "singer", withStore: false },
  { format: "singer", withStore: true },
] as const)("a host of $format gets Dagster's rows, and then what changed (store: $withStore)", async (each) => {
  const { read, differences, world, simulator } = await hosted("dagster", each.format, each);
  const first = await read();
  expect(first).toMatchObject({ code: 0 });
  expect(differences()).toEqual([]);
  simulator.clock.advance(60_000);
  world.completeRun({ jobName: "score", location: "ml_platform" });
  const second = await read();
  expect(second).toMatchObject({ code: 0 });
  expect(differences()).toEqual([]);
  expect(records(second)).toBeLessThan(records(first) / 3);
});

const modes = [
  { kind: "airflow", withStore: false },
  { kind: "airflow", withStore: true },
  { kind: "dagster", withStore: false },
  { kind: "dagster", withStore: true },
] as const;

test.each(modes)(
  "a host that lost what followed a state gets it again: first sync of $kind (store: $withStore)",
  async ({ kind, withStore }) => {
    const { read, differences } = await hosted(kind, "airbyte", { withStore });
    // Each read goes on from what the host kept of the one before, which is one state more each time.
    let kept = 0;
    for (let states = 1; kept < states; kept += 1) ({ states } = await read(kept));
    expect(kept).toBeGreaterThan(2);
    expect(await read()).toMatchObject({ code: 0 });
    expect(differences()).toEqual([]);
  },
);

test("deletions and removed placeholders that a host lost are written again from the store", async () => {
  const { read, differences, world, simulator } = await hosted("airflow", "airbyte", { withStore: true });
  const [dag, other] = [...world.dags.values()];
  const waiting = world.addRun(dag!, { runId: "waiting" });
  await read();
  expect(differences()).toEqual([]);
  simulator.clock.advance(60_000);
  world.finishRun(waiting);
  world.deleteRun([...other!.runs.values()][0]!);
  await read(0);
  expect(differences()).not.toEqual([]);
  await read();
  expect(differences()).toEqual([]);
});

test("changes without a stamp that a host lost are written again from the store, which would not miss them again", async () => {
  const { read, differences, world, simulator } = await hosted("airflow", "airbyte", { withStore: true });
  const [dag] = [...world.dags.values()];
  const run = world.addRun(dag!, { runId: "waiting" });
  await read();
  // Later than the overlap of the next window.
  simulator.clock.advance(3_600_000);
  await read();
  run.state = "failed";
  await read(0);
  expect(differences()).not.toEqual([]);
  await read();
  expect(differences()).toEqual([]);
});
