import { expect, test } from "vitest";
import { isNotFound } from "../src/airflow/server-errors.ts";

const notFound = (detail: unknown) => Object.assign(new Error("404"), { code: "NOT_FOUND", detail });

test.each([
  "Unable to obtain dag with id d from session",
  "Dag with id: d was not found",
  "Dag with id d was not found",
  "The Dag with ID: `d` was not found",
  "Dag with id 'd' not found",
  "The DagRun with dag_id: `d` and run_id: `r` was not found",
  "The Task Instance with dag_id: `d`, run_id: `r`, task_id: `t` and map_index: `-1` was not found",
])("%j means that something is gone", (detail) => {
  expect(isNotFound(notFound(detail))).toBe(true);
});

test.each(["Not Found", "API route not found", undefined])("%j may come from a proxy, and means nothing", (detail) => {
  expect(isNotFound(notFound(detail))).toBe(false);
});
