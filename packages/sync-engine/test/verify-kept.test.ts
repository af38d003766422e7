/** What a table keeps of the past is no difference, and samples are not compared. */
import { defineTable } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { sync, verify } from "@org/sync-engine";
import { defineStream, type Source } from "@org/sync-engine/source";
import { expect, test } from "vitest";
import { place } from "./factory.ts";

const text = { type: "string", description: "Text." } as const;
const number = { type: "int64", description: "A number." } as const;
const time = { type: "timestamp", description: "When.", nullable: true } as const;

const parts = defineTable({
  name: "plan_parts",
  description: "The parts of plans, by version.",
  primaryKey: ["plan", "version", "part"],
  columns: { plan: text, version: number, part: text, seen: text },
});
const log = defineTable({
  name: "plan_log",
  description: "What happened.",
  primaryKey: ["id"],
  columns: { id: number, kind: text, at: time },
});
const samples = defineTable({
  name: "plan_samples",
  description: "How it was.",
  primaryKey: ["sampled_at"],
  columns: { sampled_at: { type: "timestamp", description: "When." } },
});

const at = (hour: number) => `2026-11-20T${String(hour).padStart(2, "0")}:00:00.000000Z`;

test("earlier versions, and what is older than all of its kind, are kept; anything else that is gone is extra", async () => {
  const part = (version: number, name: string, seen = "first") => ({ plan: "p", version, part: name, seen });
  const entry = (id: number, kind: string, hour?: number) => ({ id, kind, at: hour === undefined ? null : at(hour) });
  const server = {
    parts: [part(1, "wheel"), part(2, "axle"), part(2, "lever")],
    log: [entry(1, "skipped", 5), entry(2, "done", 1), entry(3, "skipped", 6), entry(4, "done", 2), entry(5, "open")],
  };
  const state = { position: { server: 1_800_000_000_000, local: 1_800_000_000_000 } };
  const source: Source<void> = {
    name: "plans",
    url: "http://plans.example",
    streams: [
      defineStream<void, typeof parts>({
        ...{ name: "parts", table: parts, revision: 1 },
        observed: ["seen"],
        keeps: [{ why: "superseded", of: ["plan"], version: "version" }],
        async *read() {
          yield { upserts: server.parts, state };
        },
      }),
      defineStream<void, typeof log>({
        ...{ name: "log", table: log, revision: 1 },
        keeps: [{ why: "forgotten", datedBy: "at", per: ["kind"] }],
        async *read() {
          yield { upserts: server.log, state };
        },
      }),
      defineStream<void, typeof samples>({
        ...{ name: "samples", table: samples, revision: 1, isSampled: true },
        async *read() {
          yield { upserts: [{ sampled_at: at(1) }], state };
        },
      }),
    ],
    start() {},
    check: async () => ({ version: "1", notes: [] }),
  };
  const destination = duckdb(place());
  await sync({ source, destination });
  // Of the second version a part is gone; of the log, an entry that an older one of its kind outlived, and an undated one.
  server.parts = [part(2, "axle", "when it was read again")];
  server.log = [entry(2, "done", 1), entry(3, "skipped", 6)];
  const found = await verify({ source, destination });
  expect(found.tables).toMatchObject([
    { table: "plan_parts", compared: 1, different: 0, kept: 1, extra: 1, differences: [{ key: { part: "lever" } }] },
    { table: "plan_log", compared: 2, kept: 1, extra: 2 },
  ]);
  expect(found.tables[1]!.differences.map(({ key }) => Number(key.id)).sort()).toEqual([4, 5]);
  expect(found.samples).toEqual(["samples"]);
  await expect(verify({ source, destination, streams: ["samples"] })).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("(samples)"),
  });
});
