/** All databases must give the same answers to all questions, for randomly generated odd worlds. */
import { type Answer, InsightsError, questions } from "@org/insights";
import { reportPage } from "@org/insights/page";
import { expect, test } from "vitest";
import { oddAirflow, oddDagster } from "../odd-world.ts";
import { openEverywhere } from "../places.ts";

/** Each of these seeds has found a bug. */
const seeds = [1, 2, 10];
const open = openEverywhere(
  Object.fromEntries(
    seeds.flatMap((seed) => [
      [`airflow_${seed}`, oddAirflow(seed)],
      [`dagster_${seed}`, oddDagster(seed)],
    ]),
  ),
);

/** The time of writing differs between databases. */
const written: ReadonlySet<string> = new Set(["synced_at", "age"]);

/** Sums are computed in any order, so their last digits differ. */
function comparable(name: string, value: unknown): unknown {
  if (written.has(name)) return undefined;
  if (Array.isArray(value)) return value.map((each) => comparable(name, each));
  return typeof value === "number" ? Number(value.toPrecision(9)) : value;
}

async function answered(ask: Promise<Answer>): Promise<unknown> {
  try {
    const { rows } = await ask;
    return rows.map((row) => Object.entries(row).map(([name, value]) => [name, comparable(name, value)]));
  } catch (error) {
    if (error instanceof InsightsError) return error.code;
    throw error;
  }
}

const scopes = [{}, { days: 1 }, { days: 40, timezone: "Asia/Kolkata" }, { days: 30, include_stale: true }];

/** By day, each scope with one world, and each world with some scope. At night, all pairs. */
const isAsked = (world: number, scope: number) => Boolean(process.env.NIGHTLY) || (world + scope) % seeds.length === 0;

test.each(questions)("$name", async (question) => {
  for (const [world, seed] of seeds.entries()) {
    const pipelines = [`airflow_${seed}`, `dagster_${seed}`];
    for (const { include_stale, ...scope } of scopes.filter((_, index) => isAsked(world, index))) {
      const own = {
        ...(include_stale && "include_stale" in question.parameters && { include_stale }),
        ...("expect" in question.parameters && { expect: [{ dag: "plain", done_by: "06:30" }] }),
      };
      const given = { timezone: "America/New_York", pipelines, ...scope, ...own };
      const [first, ...others] = await Promise.all(open.map((each) => answered(each.answer(question, given))));
      for (const [index, other] of others.entries()) {
        expect(other, JSON.stringify({ database: index + 1, ...given })).toEqual(first);
      }
    }
  }
});

test("the page renders any world, and nothing in it is interpreted as markup", async () => {
  const servers = new Map([["airflow_1", { kind: "airflow", url: "https://airflow.example.com" } as const]]);
  const pages = await Promise.all(
    open.map((each) => reportPage(each, { title: "Odd", timezone: "UTC", days: 30, servers })),
  );
  for (const page of pages) {
    expect(page).not.toMatch(/<b>bold|<task>|<i>/);
    expect(page).not.toContain("\u202e");
    expect(page).toContain("&lt;b&gt;bold&lt;/b&gt; &amp; co");
  }
});
