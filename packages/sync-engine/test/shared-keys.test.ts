/** Verification counts rows as the server sent them, before their keys merge them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTable } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { type Source, sync, verify } from "@org/sync-engine";
import { defineStream } from "@org/sync-engine/source";
import { expect, onTestFinished, test } from "vitest";
import { countingSharedKeys } from "../src/verify/reread.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const loopTable = defineTable({
  name: "loop_tasks",
  description: "Tasks of a loop, whose key lacks the iteration.",
  primaryKey: ["task_id"],
  columns: {
    task_id: { type: "string", description: "Task." },
    iteration: { type: "int64", description: "What the key lacks." },
  },
});
const rowOf = (iteration: number, task_id = "body") => ({ task_id, iteration });
const leafOf = (iteration: number) => ({ scope: { iteration: { in: [iteration] } }, rows: [rowOf(iteration)] });

/** A source that reads one iteration at a time, like slices of a history. */
function loopSource(...iterations: number[]): Source {
  const stream = defineStream({
    name: "loop",
    table: loopTable,
    revision: 1,
    async *read() {
      for (const iteration of iterations) yield { replace: [leafOf(iteration)], state: iteration };
    },
  });
  return {
    name: "loops",
    url: "http://loops.example",
    streams: [stream],
    start: () => undefined,
    check: async () => ({ version: "1", notes: [] }),
  };
}

async function verified(source: Source) {
  const destination = duckdb(join(temporaryFolder(), "loops.duckdb"));
  await sync({ source, destination, pipeline: "p" });
  return verify({ source, destination, pipeline: "p" });
}

test("verify reports rows that arrived under another row's key in another response", async () => {
  const { tables } = await verified(loopSource(1, 2, 3));
  expect(tables[0]).toMatchObject({ compared: 1, different: 0, sharedKeys: { rows: 2, keys: [] } });
});

test("verify does not count a row that is sent again unchanged", async () => {
  expect((await verified(loopSource(1, 1))).tables[0]).not.toHaveProperty("sharedKeys");
});

test("rows of one batch that share a key are counted and named before the key merges them", async () => {
  const { destination, sharedKeys } = countingSharedKeys(duckdb(join(temporaryFolder(), "d.duckdb")));
  const session = await destination.open({ pipeline: "p" });
  await session.prepare([loopTable]);
  const state = { version: 1, value: null };
  const upserts = [rowOf(1), rowOf(2), rowOf(1, "after"), rowOf(3)];
  await session.commit("loop", { table: loopTable, upserts, state }).finally(() => session.close());
  expect(sharedKeys.get("loop_tasks")).toEqual({ rows: 2, keys: [{ task_id: "body" }, { task_id: "body" }] });
});
