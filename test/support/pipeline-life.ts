/** Runs a pipeline from its first sync to a full refresh, into a destination and, for comparison, into memory. */
import type { Destination } from "@org/destination";
import { memoryDestination } from "@org/destination/memory";
import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { type SyncEvent, type SyncOptions, sync } from "@org/sync-engine";
import { differences, type PlainRow } from "@org/testkit/compare";
import { expect, onTestFinished } from "vitest";
import { sourceOf } from "../crash/support/small-sync.ts";
import { type Kind, startSubject } from "../crash/support/subject.ts";

/** After each sync, the destination must hold the same rows as memory, and as the server. */
export async function livePipeline<P extends Fixture>(suite: DestinationSuite<P>, kind: Kind): Promise<void> {
  const subject = await startSubject(kind);
  const fixture = await suite.create();
  onTestFinished(async () => fixture.cleanup?.());
  const inMemory = memoryDestination();
  const source = sourceOf(kind, subject.url);

  const syncTo = (destination: Destination, options: Partial<SyncOptions> = {}) =>
    sync({ source, pipeline: "one", ...(options as object), destination });

  /** Syncs into both, and compares them with each other and with the server. */
  async function syncBoth(what: string, options: Partial<SyncOptions> = {}) {
    const results = [await syncTo(inMemory, options), await syncTo(fixture.connect(), options)];
    for (const { name, primaryKey } of subject.tables) {
      const rows = (await suite.read(fixture, name)).map(withLife);
      const expected = inMemory.rows(name).map(withLife);
      expect(differences(expected, rows, primaryKey), `${what}: ${name}, in memory and here`).toEqual([]);
      const live = rows.filter(({ live }) => live);
      const held = subject.snapshots.at(-1)?.rows[name] ?? [];
      expect(differences(held, live, primaryKey), `${what}: ${name}, on the server and here`).toEqual([]);
    }
    return results.map(({ streams }) => streams);
  }
  async function syncAlike(what: string, options: Partial<SyncOptions> = {}) {
    const [there, here] = await syncBoth(what, options);
    expect(here, what).toEqual(there);
    return here ?? [];
  }

  await syncAlike("first sync");
  for (const { inserted, updated } of await syncAlike("idle sync")) expect([inserted, updated]).toEqual([0, 0]);
  subject.change();
  await syncAlike("incremental sync");
  subject.delete();
  expect((await syncAlike("reconcile", { reconcile: true })).some(({ deleted }) => deleted > 0)).toBe(true);

  subject.change();
  const controller = new AbortController();
  const onEvent = ({ type }: SyncEvent) => type === "batch-committed" && controller.abort(new Error("stopped"));
  const stopped = syncTo(fixture.connect(), { signal: controller.signal, onEvent });
  await expect(stopped).rejects.toThrow("stopped");
  await syncBoth("what was stopped goes on");
  subject.change();
  await syncAlike("full refresh", { fullRefresh: true });
}

/** A row without the times at which it was written, which differ between destinations. */
function withLife({ _synced_at, _deleted_at, ...row }: PlainRow): PlainRow {
  return { ...row, live: _deleted_at === null };
}
