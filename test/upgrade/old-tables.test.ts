/** Tables of an older release are migrated in place to the current key and columns: see fixtures/write.ts. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Destination, Session, StoredValues, Table } from "@org/destination";
import { ownDatabase } from "@org/testkit/own-database";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { connect, type Kind, kinds } from "./connect.ts";
import { fixture, pipeline, unpack } from "./places.ts";
import { current, fresh, old } from "./tables.ts";

/** The place of a copy of the release's data. */
async function copyOf(kind: Kind): Promise<string> {
  if (kind !== "postgres") return unpack(kind);
  const url = await ownDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(fixture("postgres.sql"));
  await client.end();
  return url;
}

const { name } = current;

async function during<T>(destination: Destination, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await destination.open({ pipeline });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** All rows with all columns, sorted by key. */
const rowsOf = (destination: Destination, table: Table): Promise<StoredValues[]> =>
  during(destination, async (session) => {
    await session.prepare([table]);
    return (await Array.fromAsync(session.rows!(table))).flat();
  });

test("the key has grown since", () => {
  expect(old.primaryKey).toEqual(["dag_id", "dag_run_id", "task_id", "map_index", "try_number"]);
  expect(fresh).toMatchObject({ region_id: "", region_index: -1 });
});

describe.each(kinds)("%s", (kind) => {
  test("keeps its rows, their times and deletions, and the states", async () => {
    const destination = connect(kind, await copyOf(kind));
    const before = await rowsOf(destination, old);
    expect(before).toHaveLength(7);
    expect(before.filter(({ _deleted_at }) => _deleted_at !== null)).toHaveLength(3);
    const states = await during(destination, (session) => session.states());
    expect([...states.keys()].sort()).toEqual(["dag_runs", "dags", "task_instances"]);
    const after = before.map((row) => ({ ...row, ...fresh }));
    expect(await rowsOf(destination, current)).toEqual(after);
    expect(await during(destination, (session) => session.states())).toEqual(states);

    const content = after.map(({ _synced_at, _deleted_at, ...row }) => row);
    const live = content.filter((_, index) => after[index]?._deleted_at === null);
    const looped = live.map((row) => ({ ...row, region_id: "loop", region_index: 0 }));
    const upserts = [...live, ...looped] as never;
    const state = { version: 1, value: 1 };
    const result = await during(destination, async (session) => {
      await session.prepare([current]);
      return session.commit("task_instances", { table: current, upserts, state });
    });
    expect(result).toMatchObject({ inserted: live.length, updated: 0, unchanged: live.length });
  });
});

/** Where the migration is killed, and whether the table has changed by then. */
const moments: readonly [Kind, moment: string, isChanged: boolean][] = [
  ["sqlite", "before ^DROP TABLE", false],
  ["sqlite", "before ^COMMIT", false],
  ["sqlite", "after ^COMMIT", true],
  ["duckdb", "before ^DROP TABLE", false],
  ["duckdb", "before ^COMMIT", false],
  ["duckdb", "after ^COMMIT", true],
  ["postgres", "before ADD CONSTRAINT", false],
  ["postgres", "before ^COMMIT", false],
  ["postgres", "after ^COMMIT", true],
  ["parquet", "before manifests", false],
  ["parquet", "after manifests", true],
];

test.each(moments)("%s, killed %s, has the old table or the new one", async (kind, moment, isChanged) => {
  const place = await copyOf(kind);
  const before = await rowsOf(connect(kind, place), old);
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const script = `
    const { connect } = await import(${JSON.stringify(here("./connect.ts"))});
    const session = await connect(${JSON.stringify(kind)}, ${JSON.stringify(place)}).open({ pipeline: "${pipeline}" });
    globalThis.isArmed = true;
    await session.prepare([${JSON.stringify(current)}]);`;
  const { signal, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@org/source", "--import", here("./kill-at.ts"), "--input-type=module", "--eval", script],
    { env: { ...process.env, KILL_AT: moment }, encoding: "utf8" },
  );
  expect(signal, stderr).toBe("SIGKILL");
  const destination = connect(kind, place);
  const [found] = (await destination.contents?.()) ?? [];
  const { columns = [] } = found?.tables.find((table) => table.name === name) ?? {};
  expect(columns.includes("region_id")).toBe(isChanged);
  if (!isChanged) expect(await rowsOf(destination, old)).toEqual(before);
  expect(await rowsOf(destination, current)).toEqual(before.map((row) => ({ ...row, ...fresh })));
});
