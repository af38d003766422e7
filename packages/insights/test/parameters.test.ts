/** The parameters that questions accept and reject: invalid numbers, times and names must never produce an answer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "@org/destination/sqlite";
import { type Insights, openInsights, type Question, questions } from "@org/insights";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { store } from "@org/testkit/insights/world";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "insights-"));
let insights: Insights;

beforeAll(async () => {
  const destination = sqlite(join(folder, "world.sqlite"));
  for (const [pipeline, world] of Object.entries({ airflow: airflowWorld, dagster: dagsterWorld })) {
    const session = await destination.open({ pipeline });
    await store(session, world);
    await session.close();
  }
  insights = await openInsights(destination);
});
afterAll(async () => {
  await insights.close();
  rmSync(folder, { recursive: true, force: true });
});

const named = (name: string) => (questions as readonly Question[]).find((each) => each.name === name) as Question;
const ask = (name: string, parameters: object) => insights.answer(named(name), parameters);
const refused = (message: string) => ({ code: "INVALID_PARAMETER", message: expect.stringContaining(message) });

const nonsense = {
  number: [Number.NaN, Number.POSITIVE_INFINITY, -1, "5", 5n, null, [], {}],
  boolean: [1, "true", null],
  text: [1, "", "  ", {}],
  list: ["a", {}, null],
};
const parameters = (questions as readonly Question[]).flatMap(({ name, parameters }) =>
  Object.entries(parameters).map(([parameter, { type, default: usual }]) => ({ name, parameter, type, usual })),
);

test.each(parameters)("$name rejects an invalid $parameter", async ({ name, parameter, type, usual }) => {
  for (const value of nonsense[type].filter((each) => each !== usual)) {
    await expect(ask(name, { [parameter]: value }), String(value)).rejects.toMatchObject(
      refused(`${name}: ${parameter} `),
    );
  }
});

test.each(parameters.filter(({ parameter }) => parameter === "limit"))(
  "$name: at least one complete row",
  async ({ name }) => {
    for (const limit of [0, 1.5, 1e12])
      await expect(ask(name, { limit })).rejects.toMatchObject(refused(`limit is ${limit}`));
  },
);

test.each([
  [{ days: 0 }, "days is 0"],
  [{ days: -7 }, "days is -7"],
  [{ days: Number.NaN }, "days is NaN"],
  [{ days: 1e6 }, "days is 1000000"],
  [{ days: "7" }, 'days is "7"'],
  [{ since: "2026-11-02", until: "2026-11-01" }, "must be before until"],
  [{ since: "2026-11-01", until: "2026-11-01" }, "must be before until"],
  [{ since: "yesterday" }, 'since is "yesterday"'],
  [{ until: "2026-02-30" }, 'until is "2026-02-30"'],
  [{ until: "2026" }, 'until is "2026"'],
  // A time without a date is ambiguous.
  [{ until: "06:00" }, 'until is "06:00"'],
  [{ since: 1_700_000_000 }, "since is 1700000000"],
  [{ since: "2026-10-01", days: 7 }, "since and days"],
  [{ timezone: "Mars/Base" }, 'timezone is "Mars/Base"'],
  [{ timezone: 2 }, "timezone is 2"],
  [{ pipelines: [] }, "pipelines is empty"],
  [{ pipelines: ["airflow", "nobody"] }, 'no data for "nobody"'],
  [{ pipelines: "airflow" }, "pipelines must be a list"],
  [{ limt: 5 }, "success_rate has no parameter limt"],
])("%j is rejected", async (given, message) => {
  await expect(ask("success_rate", given)).rejects.toMatchObject(refused(message));
});

test("dates and times in all their forms", async () => {
  const windowOf = async (given: object) =>
    (await ask("success_rate", { timezone: "America/New_York", ...given })).window;
  expect(await windowOf({ since: "2026-10-31", until: "2026-11-02 01:30" })).toEqual({
    from: "2026-10-31T04:00:00.000000Z",
    to: "2026-11-02T06:30:00.000000Z",
  });
  expect(await windowOf({ until: "2026-11-01T12:00:00+02:00", days: 0.5 })).toEqual({
    from: "2026-10-31T22:00:00.000000Z",
    to: "2026-11-01T10:00:00.000000Z",
  });
});
