import type { Dag, DagDetails, DagRun, EventLog, TaskInstance, TaskInstanceAttempt } from "@org/airflow-client";
import { type AirflowClientOptions, createAirflowClient } from "@org/airflow-client";
import { createDagsterClient, type DagsterClientOptions, type Run } from "@org/dagster-client";
import {
  createAirflowSimulator,
  dag,
  dagDetails,
  dagRun,
  eventLog,
  run,
  type SimulatorFetch,
  taskInstance,
  taskInstanceAttempt,
} from "@org/simulators";
import { expectTypeOf, test } from "vitest";

test("rows have the types that the clients give to answers", () => {
  expectTypeOf(dag()).toExtend<Dag>();
  expectTypeOf(dagDetails()).toExtend<DagDetails>();
  expectTypeOf(dagRun()).toExtend<DagRun>();
  expectTypeOf(taskInstance()).toExtend<TaskInstance>();
  expectTypeOf(taskInstanceAttempt()).toExtend<TaskInstanceAttempt>();
  expectTypeOf(eventLog()).toExtend<EventLog>();
  expectTypeOf(run()).toExtend<Run>();
});

test("only fields and values of the row are taken", () => {
  // @ts-expect-error no such state
  dagRun({ state: "faild" });
  // @ts-expect-error no such field
  dagRun({ dagId: "a" });
  // @ts-expect-error no such status
  run({ status: "FAILED" });
});

test("both clients take a simulator's fetch", () => {
  expectTypeOf<SimulatorFetch>().toExtend<typeof globalThis.fetch>();
  expectTypeOf<SimulatorFetch>().toExtend<NonNullable<AirflowClientOptions["fetch"]>>();
  expectTypeOf<SimulatorFetch>().toExtend<NonNullable<DagsterClientOptions["fetch"]>>();
  const { url, fetch } = createAirflowSimulator();
  createAirflowClient({ url, fetch });
  createDagsterClient({ url, fetch });
});
