import { createEmptyAirflowWorld } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { deletedRuns, eventDoubts } from "../src/airflow/doubts.ts";
import { setUp } from "./airflow-sync.ts";

/** As Airflow 3.3.2 writes it. */
const bulkEvent = {
  event: "bulk_dag_runs",
  dag_id: "two",
  run_id: null,
  extra:
    '{"actions": [{"action": "update", "entities": [{"dag_run_id": "r1", "note": "seen"}]}, {"action": "delete", "entities": ["r2"]}], "method": "PATCH"}',
};

test("runs changed or deleted in bulk are named in the event's request only", () => {
  const scopes = [{ dags: ["two"], runs: ["r1", "r2"] }];
  expect(eventDoubts([bulkEvent], "dag_run")).toEqual(scopes);
  // A deleted run's task instances are deleted with it.
  expect(eventDoubts([bulkEvent], "task")).toEqual(scopes);
  expect(deletedRuns([bulkEvent])).toEqual([{ dag_id: "two", dag_run_id: "r2" }]);
});

test("runs cleared in bulk are named one by one, each possibly with its own DAG", () => {
  const extra = '{"dry_run": false, "dag_runs": [{"dag_id": "one", "dag_run_id": "r1"}, {"dag_run_id": "r2"}]}';
  const event = { event: "clear_dag_runs", dag_id: "one", run_id: null, extra };
  expect(eventDoubts([event, { ...event, dag_id: "~" }], "dag_run")).toEqual([{ dags: ["one"], runs: ["r1", "r2"] }]);
});

test.each(["", "null", "[]", '{"actions": {}}', '{"actions": [null]}', '{"actions": [{"entities": [{"dag_run', null])(
  "an event's unreadable request raises no doubt: %j",
  (extra) => {
    expect(eventDoubts([{ ...bulkEvent, extra }], "dag_run")).toEqual([]);
    expect(eventDoubts([{ ...bulkEvent, run_id: "r3", extra }], "dag_run")).toEqual([{ dags: ["two"], runs: ["r3"] }]);
  },
);

test("a note on many runs at once is found by the next sync", async () => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "d" });
  for (let index = 0; index < 5; index += 1) world.finishRun(world.addRun(dag, { runId: `run ${index}` }));
  const { simulator, syncNow, differences } = await setUp({ world });
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  world.noteRuns(dag, [...dag.runs.values()].slice(1, 4), "looked at");
  await syncNow();
  expect(await differences()).toEqual([]);
});
