import type { DestinationSuite, Fixture } from "@org/destination/testing";
import { createRandom } from "@org/simulators/internal";
import { differences } from "@org/testkit/compare";
import { describe, expect, onTestFinished, test } from "vitest";
import { startSuites } from "../support/suites.ts";
import { startSyncTo } from "./support/processes.ts";
import { syncInto } from "./support/small-sync.ts";
import { type Kind, type Subject, startSubject } from "./support/subject.ts";

const kills = process.env.NIGHTLY ? 25 : 4;
/** Fixed by day. Where in a sync an instant lies still depends on the machine. */
const random = createRandom(process.env.NIGHTLY ? Date.now() % 1_000_000 : 261_121);
const kinds: readonly Kind[] = ["airflow", "dagster"];

/** The same as random-instants.test.ts, for every destination but DuckDB. */
const others = (await startSuites()).filter(({ name }) => name !== "duckdb");

describe.each(others.map((suite) => [suite.name, suite] as const))("%s", (_, suite) => {
  test.each(kinds)(`I1, I3: a sync of %s killed at ${kills} random instants, then run again`, async (kind) => {
    const subject = await startSubject(kind);
    const fixture = await suite.create();
    onTestFinished(async () => fixture.cleanup?.());
    let durationMs = 500;
    for (let attempt = 0, killed = 0; killed < kills; attempt += 1) {
      expect(attempt, "syncs end before they can be killed").toBeLessThan(20 * kills);
      const { child, ended } = startSyncTo(fixture, subject);
      const asked = new Promise<void>((resolve) => subject.faults.push({ before: () => resolve() }));
      await Promise.race([asked, ended]);
      const askedAt = performance.now();
      const timer = setTimeout(() => child.kill("SIGKILL"), random.next() * durationMs);
      const { signal, stderr } = await ended;
      clearTimeout(timer);
      subject.faults.clear();
      expect(stderr).toBe("");
      if (signal === "SIGKILL") {
        killed += 1;
        // Every second kill hits the sync that recovers from the previous one.
        if (killed % 2 === 0 && killed < kills) continue;
        await syncInto(fixture.connect(), kind, subject.url);
      } else {
        durationMs = performance.now() - askedAt;
      }
      expect(await differencesNow(suite, fixture, subject), `after kill ${killed}`).toEqual([]);
      subject.change();
    }
  });
});

async function differencesNow(suite: DestinationSuite<Fixture>, fixture: Fixture, subject: Subject): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, primaryKey } of subject.tables) {
    const live = (await suite.read(fixture, name)).filter(({ _deleted_at }) => _deleted_at === null);
    lines.push(...differences(subject.snapshots.at(-1)?.rows[name] ?? [], live, primaryKey));
  }
  return lines;
}
