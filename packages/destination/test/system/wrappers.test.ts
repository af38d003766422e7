/** Wrapped destinations that store tables under another name, or without some columns. */
import { type Batch, defineTable, withoutColumns, withTablePrefix } from "@org/destination";
import { queryDuckdb } from "@org/destination/duckdb";
import { casesFor, type DestinationSuite, runCase } from "@org/destination/testing";
import { createFixture, type DuckdbFixture, duckdbSuite } from "@org/testkit/places/duckdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connect as connectWithPrefix, prefix } from "../duckdb-with-prefix.ts";

/** Runs the suite's cases that a prefix could break, with a prefix that the suite does not know. */
const prefixed: DestinationSuite<DuckdbFixture> = {
  name: "duckdb with a prefix",
  async create() {
    const fixture = await createFixture();
    const process = { module: new URL("duckdb-with-prefix.ts", import.meta.url).href, argument: fixture.file };
    return { ...fixture, process, connect: () => connectWithPrefix(fixture.file) };
  },
  read: (fixture, table) => duckdbSuite.read(fixture, `${prefix}${table}`),
};
const groups = ["schema", "transfer", "state", "sql"];
const cases = (await casesFor(prefixed)).filter(({ group }) => groups.includes(group));
test.each(cases)(`${prefixed.name}: $group: $name`, (each) => runCase(prefixed, each));

const runs = defineTable({
  name: "runs",
  description: "Runs.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Key." },
    state: { type: "string", description: "State." },
    conf: { type: "json", nullable: true, description: "What may hold secrets." },
    user: { type: "string", description: "Who, never null." },
  },
});

const row = (id: number, state = "running") => ({ id, state, conf: { password: "CANARY" }, user: "ada" });
const state = { version: 1, value: 1 };

let fixture: DuckdbFixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.cleanup?.());

/** Opens a destination without some columns of the table, and commits. */
async function commit(columns: readonly string[], batch: Omit<Batch<typeof runs>, "table" | "state">) {
  const session = await withoutColumns(fixture.connect(), { runs: columns }).open({ pipeline: "p" });
  try {
    await session.prepare([runs]);
    return await session.commit("runs", { table: runs, ...batch, state } as Batch);
  } finally {
    await session.close();
  }
}

test("names the real table in messages, and treats two prefixes in one file as two owners", async () => {
  const open = async (prefix: string, pipeline: string) => {
    const session = await withTablePrefix(fixture.connect(), prefix).open({ pipeline });
    try {
      await session.prepare([runs]);
      await session.commit("runs", { table: runs, upserts: [row(1)], state });
    } finally {
      await session.close();
    }
  };
  await open("a_", "a");
  await open("b_", "b");
  await expect(open("a_", "b")).rejects.toMatchObject({
    code: "OWNED",
    message: expect.stringContaining("Table a_runs"),
  });
  expect(withTablePrefix(fixture.connect(), "a_").realTable?.(runs).name).toBe("a_runs");
  expect(await queryDuckdb(fixture.file, "SELECT count(*) AS n FROM a_runs, b_runs")).toEqual([{ n: 1 }]);
});

test.each(["", "1_", "Prod_", "_sync_", "a-b", 'a"b'])("rejects the prefix %j", (prefix) => {
  expect(() => withTablePrefix(fixture.connect(), prefix)).toThrow(/prefix/);
});

test("never stores an excluded column, in upserts or replacements", async () => {
  const scope = { state: { in: ["running"] } };
  await commit(["conf", "user"], { upserts: [row(1)], replace: [{ scope, rows: [row(2)] }] });
  expect(await queryDuckdb(fixture.file, "SELECT * EXCLUDE (_synced_at) FROM runs ORDER BY id")).toEqual([
    { id: 1, state: "running", _deleted_at: null },
    { id: 2, state: "running", _deleted_at: null },
  ]);
});

test("treats a row that differs only in excluded columns as unchanged, and reads null from them", async () => {
  await commit(["conf"], { upserts: [row(1)] });
  expect(await commit(["conf"], { upserts: [{ ...row(1), conf: null }] })).toMatchObject({ unchanged: 1 });
  const destination = withoutColumns(fixture.connect(), { runs: ["conf"] });
  expect(Object.keys(destination.realTable?.(runs).columns ?? {})).toEqual(["id", "state", "user"]);
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([runs]);
  expect(await session.keys(runs, {}, ["state", "conf"])).toEqual([{ id: 1, state: "running", conf: null }]);
  expect(await session.countBy(runs, {}, ["user"])).toEqual([{ values: { user: "ada" }, count: 1 }]);
  await session.close();
});

test("rejects excluding part of the key, and ignores columns that do not exist", async () => {
  await expect(commit(["id"], {})).rejects.toMatchObject({
    code: "SCHEMA_CONFLICT",
    message: expect.stringContaining("Column id of table runs cannot be excluded: it is part of the primary key"),
  });
  expect(await commit(["nothing"], { upserts: [row(1)] })).toMatchObject({ inserted: 1 });
});

test("rejects a lookup by an excluded column", async () => {
  const scope = { state: { in: ["running"] } };
  const refused = { code: "SCHEMA_CONFLICT", message: expect.stringContaining("Column state of table runs") };
  await expect(commit(["state"], { replace: [{ scope, rows: [] }] })).rejects.toMatchObject(refused);
  const session = await withoutColumns(fixture.connect(), { runs: ["state"] }).open({ pipeline: "p" });
  await session.prepare([runs]);
  await expect(session.count(runs, scope)).rejects.toMatchObject(refused);
  await expect(session.keys(runs, scope)).rejects.toMatchObject(refused);
  await expect(session.countBy(runs, {}, ["state"])).rejects.toMatchObject(refused);
  await session.close();
});

test("both together: the columns of a prefixed table", async () => {
  const destination = withoutColumns(withTablePrefix(fixture.connect(), "x_"), { runs: ["conf"] });
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([runs]);
  await session.commit("runs", { table: runs, upserts: [row(1)], state });
  const real = destination.realTable?.(runs);
  expect([real?.name, Object.keys(real?.columns ?? {})]).toEqual(["x_runs", ["id", "state", "user"]]);
  await session.close();
  const found = await queryDuckdb(fixture.file, "SELECT * EXCLUDE (_synced_at) FROM x_runs");
  expect(found).toEqual([{ id: 1, state: "running", user: "ada", _deleted_at: null }]);
});
