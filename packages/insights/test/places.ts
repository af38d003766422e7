import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Destination, withTablePrefix } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { postgres } from "@org/destination/postgres";
import { sqlite } from "@org/destination/sqlite";
import {
  type AnswerColumns,
  type AnswerRow,
  type GivenParameters,
  type Insights,
  openInsights,
  type ParameterSet,
  type Question,
  type Scope,
} from "@org/insights";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { store, type World } from "@org/testkit/insights/world";
import { ownDatabase } from "@org/testkit/own-database";
import { afterAll, beforeAll, expect } from "vitest";

/** Additional worlds by pipeline name, each with its own prefix. */
export type Worlds = Readonly<Record<string, Partial<World>>>;

/**
 * Stores worlds in DuckDB, SQLite and PostgreSQL, and opens all three for the tests of a file.
 *
 * @returns a list that is filled before the first test
 */
export function openEverywhere(worlds: Worlds): readonly Insights[] {
  const open: Insights[] = [];
  const closing: (() => unknown)[] = [];
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "insights-"));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    for (const place of [
      duckdb(join(folder, "world.duckdb")),
      sqlite(join(folder, "world.sqlite")),
      postgres(await ownDatabase()),
    ]) {
      await fill(place, worlds);
      const insights = await openInsights(place);
      closing.unshift(() => insights.close());
      open.push(insights);
    }
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });
  return open;
}

/**
 * Stores the small world in all three, as the pipelines `airflow` and `dagster`, along with additional worlds. Call it at
 * the top of a test file.
 *
 * @returns a function that asks a question on all three, expects the same answer from each, and returns it. It concerns the
 * small world, unless `pipelines` names others. Its `open` lists what it asks.
 */
export function askedEverywhere(worlds: Worlds = {}) {
  const open = openEverywhere({ airflow: airflowWorld, dagster: dagsterWorld, ...worlds });

  const asked = async <P extends ParameterSet, C extends AnswerColumns>(
    question: Question<P, C>,
    parameters: GivenParameters<P> & Scope = {} as GivenParameters<P> & Scope,
    /** Columns whose values differ by place, such as the time of writing. */
    differing: readonly (keyof C & string)[] = [],
  ): Promise<readonly AnswerRow<C>[]> => {
    const scope = { timezone: "America/New_York", pipelines: ["airflow", "dagster"], ...parameters };
    const answers = [];
    for (const insights of open) answers.push((await insights.answer(question, scope)).rows);
    const [first, ...others] = answers;
    const anything = Object.fromEntries(differing.map((name) => [name, expect.anything()]));
    for (const rows of others) expect(rows).toEqual(first!.map((row) => ({ ...row, ...anything })));
    return first!;
  };
  return Object.assign(asked, { open });
}

async function fill(destination: Destination, worlds: Worlds): Promise<void> {
  for (const [pipeline, world] of Object.entries(worlds)) {
    const isSmall = pipeline === "airflow" || pipeline === "dagster";
    const place = isSmall ? destination : withTablePrefix(destination, `${pipeline}_`);
    const session = await place.open({ pipeline });
    try {
      await store(session, world);
    } finally {
      await session.close();
    }
  }
}
