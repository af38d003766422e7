/** Which rows an export contains. */
import { join } from "node:path";
import { duckdb } from "@org/destination/duckdb";
import { exportTables, lastDays, momentText } from "@org/destination/export";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  exported,
  fill,
  kinds,
  places,
  type Run,
  readBack,
  run,
  runs,
  state,
  temporaryFolder,
} from "../export-world.ts";

const day = (number: number) => momentText(Date.UTC(2026, 0, number));

describe.each(Object.keys(kinds))("from %s", (kind) => {
  test("each row is in exactly one of several adjacent windows", async () => {
    const moment = fc
      .bigInt({ min: BigInt(Date.UTC(2026, 0, 1)) * 1000n, max: BigInt(Date.UTC(2026, 0, 4)) * 1000n })
      .map((micros) => `${momentText(Number(micros / 1000n)).slice(0, -4)}${String(micros % 1000n).padStart(3, "0")}Z`);
    const border = fc.constantFrom(day(1), day(2), day(3), day(4), "2026-01-02T11:59:59.999999Z");
    const time = fc.oneof(moment, border, fc.constant(null));
    const rows = fc.array(fc.record({ created: time, begun: time }), { minLength: 1, maxLength: 40 });
    const cuts = fc.uniqueArray(fc.oneof(moment, border), { minLength: 1, maxLength: 3 }).map((all) => all.toSorted());
    await fc.assert(
      fc.asyncProperty(rows, cuts, async (given, between) => {
        const destination = kinds[kind]!(temporaryFolder());
        await fill(
          destination,
          given.map((known, id) => run(id, known)),
        );
        const bounds = [undefined, ...between, undefined];
        const found: unknown[] = [];
        for (const [index, since] of bounds.slice(0, -1).entries()) {
          const window = { since, until: bounds[index + 1] };
          found.push(...(await (await exported(destination, { tables: [runs], window })).rows()).map(({ id }) => id));
        }
        expect(found.toSorted((a, b) => Number(a) - Number(b))).toEqual(given.map((_, id) => id));
      }),
      { numRuns: 4 },
    );
  });

  test("a window applies to the first time that a row has, and not to tables without history", async () => {
    const rows: Run[] = [
      run(1, { created: day(1) }),
      run(2, { created: day(2) }),
      run(3, { begun: day(1) }),
      run(4, { created: day(3), begun: day(1) }),
      run(5),
    ];
    const destination = kinds[kind]!(temporaryFolder());
    await fill(destination, rows);
    const { manifest, rows: read } = await exported(destination, { window: { since: day(1), until: day(2) } });
    expect((await read()).map(({ id }) => id)).toEqual([1, 3]);
    expect(manifest.window).toEqual({ since: day(1), until: day(2) });
    expect(manifest.files.map(({ table, rows, datedBy }) => [table, rows, datedBy])).toEqual([
      ["runs", 2, ["created", "begun", "_synced_at"]],
      ["places", 1, null],
    ]);
    // A row that has no time of its own is where it was synced.
    const now = await exported(destination, { window: { since: momentText(Date.now() - 3_600_000) } });
    expect((await now.rows()).map(({ id }) => id)).toEqual([5]);
  });

  test("changedSince selects rows that were written, or found to be deleted, since then", async () => {
    const destination = kinds[kind]!(temporaryFolder());
    await fill(destination, [run(1), run(2), run(3)]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const since = momentText(Date.now());
    const session = await destination.open({ pipeline: "p" });
    await session.prepare([runs]);
    const replace = [{ scope: { id: { in: [3] } }, rows: [] }];
    await session.commit("runs", { table: runs, replace, upserts: [run(2, { name: "changed" })], state });
    await session.close();
    const into = join(temporaryFolder(), "to");
    const manifest = await exportTables(destination, { into, tables: [runs, places], changedSince: since });
    expect((await readBack(into, manifest)).map(({ id, _deleted_at }) => [id, _deleted_at !== null])).toEqual([
      [2, false],
      [3, true],
    ]);
    expect(manifest.files.map(({ rows }) => rows)).toEqual([2, 0]);
  });
});

test("lastDays are full days until yesterday, adjacent from night to night", () => {
  const evening = Date.UTC(2026, 10, 30, 23, 59, 59, 999);
  expect(lastDays(1, evening)).toEqual({ since: "2026-11-29T00:00:00.000000Z", until: "2026-11-30T00:00:00.000000Z" });
  expect(lastDays(1, evening + 1).since).toBe(lastDays(1, evening).until);
  expect(lastDays(30, evening).since).toBe("2026-10-31T00:00:00.000000Z");
});

test("exports a window without rows as a file with columns", async () => {
  const destination = duckdb(join(temporaryFolder(), "from.duckdb"));
  await fill(destination, [run(1, { created: day(1) })]);
  for (const format of ["csv", "parquet", "ndjson"] as const) {
    const { rows, manifest } = await exported(destination, { format, window: { since: day(2), until: day(3) } });
    expect(await rows()).toEqual([]);
    expect(manifest.files[0]).toMatchObject({ rows: 0, bytes: expect.any(Number) });
  }
});
