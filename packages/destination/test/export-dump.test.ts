/** Readers that write rows as text to a file, for an export to convert. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Destination, SqlReader } from "@org/destination";
import { sqlite } from "@org/destination/sqlite";
import { createFixture } from "@org/testkit/places/postgres";
import { startPostgres } from "@org/testkit/servers/postgres";
import { afterAll, describe, expect, test } from "vitest";
import { exported, fill, run, runs, state, stored, temporaryFolder } from "./export-world.ts";

const server = await startPostgres({ log: () => {} });
afterAll(() => server.stop());

const origins: Readonly<Record<string, () => Destination>> = {
  sqlite: () => sqlite(join(temporaryFolder(), "from.sqlite")),
  postgres: () => createFixture(server.url("postgres")).connect(),
};

async function reading<T>(destination: Destination, work: (reader: SqlReader) => Promise<T>): Promise<T> {
  const reader = await destination.read!();
  return work(reader).finally(() => reader.close());
}

async function insert(destination: Destination, id: number): Promise<void> {
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([runs]);
  await session.commit("runs", { table: runs, upserts: [run(id)], state });
  await session.close();
}

describe.each(Object.keys(origins))("%s", (kind) => {
  test("writes a line per row, null as an empty field, and counts line breaks in strings", async () => {
    const destination = origins[kind]!();
    await fill(destination, [run(1, { name: 'a\n"b"', seconds: 0.1 }), run(2, { name: "" })]);
    const file = join(temporaryFolder(), "rows.csv");
    const columns = { id: runs.columns.id, name: runs.columns.name, seconds: runs.columns.seconds };
    const dumped = await reading(destination, (reader) =>
      reader.dump!(`SELECT id, name, seconds FROM ${reader.table(runs)} ORDER BY id`, { file, columns }),
    );
    expect(dumped).toEqual({ rows: 2, lines: 3 });
    expect(readFileSync(file, "utf8").replaceAll(/"(\d+(?:\.\d+)?)"/g, "$1")).toBe('1,"a\n""b""",0.1\n2,"",\n');
  });

  test("a snapshot does not see what is committed later", async () => {
    const destination = origins[kind]!();
    await fill(destination, [run(1)]);
    const session = await destination.open({ pipeline: "other" });
    const count = (reader: SqlReader) =>
      reader.query(`SELECT count(*) AS rows FROM ${reader.table(runs)}`).then(([row]) => row?.rows);
    await reading(destination, async (reader) => {
      await reader.snapshot!(async () => {
        expect(await count(reader)).toBe(1);
        await insert(destination, 2);
        expect(await count(reader)).toBe(1);
        const file = join(temporaryFolder(), "rows.csv");
        const sql = `SELECT id FROM ${reader.table(runs)}`;
        expect(await reader.dump!(sql, { file, columns: { id: runs.columns.id } })).toMatchObject({ rows: 1 });
      });
      expect(await count(reader)).toBe(2);
    });
    await session.close();
  });

  test("exports rows that are too long to be converted from text", async () => {
    const destination = origins[kind]!();
    await fill(destination, [
      run(1, { name: "long ".repeat(80_000) }),
      run(3, { name: "longer ".repeat(2_000_000) }),
      run(2, { conf: { a: "x".repeat(2_000_000) } }),
    ]);
    const { rows } = await exported(destination, { tables: [runs] });
    expect(await rows()).toEqual(await stored(destination));
  });
});
