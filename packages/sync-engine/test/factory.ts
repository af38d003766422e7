/** A fake in-memory server and its source: jobs in a factory's plants. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineTable, type Row } from "@org/destination";
import { defineStream, type Keeps, type Source } from "@org/sync-engine/source";
import { onTestFinished } from "vitest";

export const jobs = defineTable({
  name: "factory_jobs",
  description: "Jobs of a factory.",
  primaryKey: ["id", "attempt", "kind"],
  columns: {
    id: { type: "string", description: "Job." },
    attempt: { type: "int64", description: "Its attempt." },
    is_latest: { type: "boolean", description: "Whether that is the present one." },
    at: { type: "timestamp", description: "When it started." },
    plant: { type: "string", description: "Where." },
    // Must not clash with the comparison's own helper columns.
    kind: { type: "string", description: "What sort of job it is." },
    cause: { type: "string", nullable: true, description: "Who wanted it." },
    note: { type: "string", nullable: true, description: "A note." },
    purged_at: { type: "timestamp", nullable: true, description: "When the server forgot it." },
  },
});
export type Job = Row<typeof jobs>;

export const job = (id: string, more: Partial<Job> = {}): Job => ({
  ...{
    id,
    attempt: 1,
    is_latest: true,
    at: "2026-11-20T08:00:00.000000Z",
    plant: "north",
    kind: "cut",
    cause: null,
    note: null,
    purged_at: null,
  },
  ...more,
});

const keeps: readonly Keeps<keyof typeof jobs.columns>[] = [
  { why: "purged", markedBy: "purged_at" },
  { why: "superseded", latest: "is_latest", version: "attempt" },
  { why: "unloaded", part: "plant", notice: "PLANT_CLOSED" },
];

/** Creates the server, which only lists the jobs of open plants, and its source. */
export function factory(...rows: Job[]) {
  const server = { jobs: rows, closed: [] as string[], asked: 0, begun: [] as string[] };
  const stream = defineStream<void, typeof jobs>({
    name: "jobs",
    table: jobs,
    revision: 1,
    keeps,
    sampleBy: "at",
    async *read({ emit, sampleSince, request, state }) {
      server.begun.push(state ? "with a state" : "without one");
      await request("jobs", async () => undefined);
      for (const plant of server.closed) {
        emit({ type: "notice", code: "PLANT_CLOSED", message: `Plant ${plant} is closed.` });
      }
      const since = sampleSince === undefined ? "" : new Date(sampleSince).toISOString();
      const shown = server.jobs.filter(({ plant, at }) => !server.closed.includes(plant) && at >= since);
      const position = { server: 1_800_000_000_000, local: 1_800_000_000_000 };
      yield { upserts: shown, state: { position } };
    },
  });
  const source: Source<void> = {
    name: "factory",
    url: "http://factory.example",
    streams: [stream],
    start() {},
    async check({ request, emit }) {
      await request("the factory", async () => {
        server.asked += 1;
        if (server.closed.includes("all")) throw new Error("The factory is closed.");
      });
      emit({ type: "notice", code: "SHIFT", message: "The night shift answers." });
      return { version: "3.1", notes: ["It has no weekends."] };
    },
  };
  return { server, source };
}

export function place(name = "factory.duckdb"): string {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}
