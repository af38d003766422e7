/** What verify compares: rows as the server sent them, before a key merges them, and as the destination can hold them. */
import { join } from "node:path";
import { defineTable } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { startAirflowSimulator } from "@org/simulators";
import { defineStream, type Source, sync } from "@org/sync-engine";
import { expect, test } from "vitest";
import { parseDestination } from "../src/destinations.ts";
import { verificationText } from "../src/render/verification.ts";
import { countingSharedKeys } from "../src/verify/reread.ts";
import { verify } from "../src/verify/verify.ts";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

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

/** A source that reads one iteration after the other, as slices of a history are read. */
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
  const place = await parseDestination(`duckdb:${join(temporaryFolder(), "loops.duckdb")}`);
  await sync({ source, destination: place.destination, pipeline: "p" });
  const pipeline = { name: "p", source, place, destination: place.destination, excluded: {} };
  return verify({ pipeline, isNamed: true });
}

test("verify reports rows that came under the key of another one in another answer", async () => {
  const result = await verified(loopSource(1, 2, 3));
  expect(result.tables[0]?.sharedKeys).toEqual({ rows: 2, keys: [] });
  expect(verificationText(result)).toMatch(
    /2 rows of the server have the key of another row.*\n\n2 differences in 1 rows/s,
  );
});

test("verify does not count a row that is sent again as it was", async () => {
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

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

test("verify compares with what the destination can hold, and reads notes whatever is in them", async () => {
  const { url, world } = await until(startAirflowSimulator());
  const [nul, separator] = world.runs();
  world.note(nul!, "a\u0000b");
  nul!.conf = { "k\u0000": "a\u0000b" };
  world.note(separator!, "a\u2028b");
  const args = ["--from", `airflow:${url}`, "--to", `sqlite:${join(temporaryFolder(), "o.sqlite")}`];
  expect((await dagsync(["sync", ...args], { env })).code).toBe(0);
  const { code, stdout } = await dagsync(["verify", ...args], { env });
  expect(stdout).toMatch(/^No difference in /m);
  expect(code).toBe(0);
});

test("a row that no destination can hold is counted, and everything else is compared", async () => {
  const { url, world } = await until(startAirflowSimulator());
  const [bad] = world.runs();
  world.note(bad!, "half \ud83d");
  const args = ["--from", `airflow:${url}`, "--to", `sqlite:${join(temporaryFolder(), "o.sqlite")}`];
  expect((await dagsync(["sync", ...args], { env })).code).toBe(1);
  const { code, stdout } = await dagsync(["verify", ...args], { env });
  expect(stdout).toMatch(/^ {2}1 of the server that no database can hold: each sync names them$/m);
  expect(stdout).toMatch(/^1 difference in /m);
  expect(code).toBe(1);
  world.note(bad!, "whole");
  expect((await dagsync(["sync", ...args], { env })).code).toBe(0);
  expect((await dagsync(["verify", ...args], { env })).code).toBe(0);
});
