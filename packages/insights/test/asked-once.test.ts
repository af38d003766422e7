/** No query is sent to an open database twice. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Destination, SqlReader } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import { defineQuestion, failingNow, needsAttention, openInsights } from "@org/insights";
import { reportPage } from "@org/insights/page";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { store } from "@org/testkit/insights/world";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "insights-"));
const destination = sqlite(join(folder, "world.sqlite"));
let asked: string[] = [];

beforeAll(async () => {
  for (const [pipeline, world] of Object.entries({ airflow: airflowWorld, dagster: dagsterWorld })) {
    const session = await destination.open({ pipeline });
    await store(session, world);
    await session.close();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The small world, with a callback before each statement. */
function watched(before: (statement: string) => void): Destination {
  const read: Destination["read"] = async (options) => {
    const reader = await destination.read!(options);
    const query: SqlReader["query"] = async (sql, parameters, more) => {
      before(`${sql} ${JSON.stringify(parameters)}`);
      return reader.query(sql, parameters, more);
    };
    return Object.assign(Object.create(reader) as SqlReader, { query });
  };
  return { ...destination, read };
}

const writingDown = () => openInsights(watched((statement) => void asked.push(statement)));

beforeEach(() => {
  asked = [];
});

test("a page runs no query twice, although its findings reuse answers that it shows", async () => {
  const insights = await writingDown();
  await reportPage(insights, { title: "Production", timezone: "America/New_York" });
  expect(asked.length).toBeGreaterThan(40);
  expect(asked.toSorted()).toEqual([...new Set(asked)].sort());
  await insights.close();
});

test("other parameters, another window and another question of the same name are queried separately", async () => {
  const insights = await writingDown();
  await insights.answer(needsAttention, { timezone: "UTC" });
  const known = asked.length;
  const first = await insights.answer(failingNow, { timezone: "UTC" });
  expect(asked).toHaveLength(known);
  expect(first.rows.length).toBeGreaterThan(1);

  expect((await insights.answer(failingNow, { min_streak: 1000, timezone: "UTC" })).rows).toEqual([]);
  expect((await insights.answer(failingNow, { pipelines: ["dagster"], timezone: "UTC" })).rows.length).toBeLessThan(
    first.rows.length,
  );
  const before = asked.length;
  await insights.answer(failingNow, { days: 2, timezone: "UTC" });
  expect(asked.length).toBeGreaterThan(before);
  const other = defineQuestion({ ...failingNow, sql: () => "SELECT 1 AS orchestrator WHERE 1 = 0" });
  expect((await insights.answer(other, { timezone: "UTC" })).rows).toEqual([]);
  await insights.close();
});

test("a failed question is retried", async () => {
  let isBroken = true;
  const insights = await openInsights(
    watched(() => {
      if (isBroken) throw new Error("The connection is gone.");
    }),
  );
  await expect(insights.answer(failingNow)).rejects.toThrow("The connection is gone.");
  isBroken = false;
  expect((await insights.answer(failingNow)).rows.length).toBeGreaterThan(1);
  await insights.close();
});
