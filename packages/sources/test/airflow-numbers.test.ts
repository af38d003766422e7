import { parseJson } from "@org/destination";
import { createEmptyAirflowWorld, minute } from "@org/simulators/internal";
import { dagRunsTable } from "@org/sources/airflow";
import { expect, test } from "vitest";
import { parseRuns } from "../src/airflow/parse-runs.ts";
import { setUp } from "./airflow-sync.ts";

const conf =
  '{"__proto__":{"x":1.0},"exponent":1E5,"fraction":1.10,"id":12345678901234567890,"infinite":1e400,"list":[-0,5.0,7],"text":"1.10"}';

test.each([true, false])("numbers in a conf are stored as the server wrote them (batch: %s)", async (batch) => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "dag" });
  for (const number of [1, 2]) {
    const run = world.addRun(dag, { runId: `run ${number}`, runAfter: world.now() - number * minute });
    run.conf = number === 1 ? (parseJson(conf) as object as typeof run.conf) : { number };
    world.finishRun(run);
  }
  world.advance(minute);
  const { syncNow, rows, simulator } = await setUp({ world, source: { batch }, simulator: { validate: false } });
  await syncNow();
  const texts = async () => (await rows(dagRunsTable)).map((row) => JSON.stringify(row.conf));
  expect(await texts()).toEqual(expect.arrayContaining([conf, '{"number":2}']));
  simulator.clock.advance(20 * minute);
  const { streams } = await syncNow({ reconcile: true });
  expect(streams.find(({ stream }) => stream === "dag_runs")).toMatchObject({ updated: 0, inserted: 0 });
});

test("only a run's conf carries numbers as they are written", () => {
  const text = '{"dag_runs":[{"duration":5.0,"conf":{"a":1.10}},{"duration":1e-3,"conf":null}],"total_entries":2}';
  const { dag_runs: runs } = parseRuns(text) as { dag_runs: { duration: number; conf: unknown }[] };
  expect(runs.map(({ duration }) => duration)).toEqual([5, 0.001]);
  expect(JSON.stringify(runs.map((run) => run.conf))).toBe('[{"a":1.10},null]');
});

test.each(["null", "1.10", "[1.10]", '{"dag_runs":1.10}', '{"dag_runs":[null,1.10]}', '{"dag_runs":[{"conf":1.10}]}'])(
  "a malformed response (%s) is left to the shape check",
  (text) => {
    expect(() => parseRuns(text)).not.toThrow();
  },
);
