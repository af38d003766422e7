import { createRandom } from "@org/simulators/internal";
import { describe, expect, test } from "vitest";
import { startSync, temporaryFile } from "./support/processes.ts";
import { syncInto } from "./support/small-sync.ts";
import { differencesNow, missingRows, read } from "./support/stored.ts";
import { startSubject } from "./support/subject.ts";

/** Kills per file: the first hits a first sync, the others later ones. */
const killsPerFile = 5;
const files = process.env.NIGHTLY ? 100 : 4;
/** Fixed by day. Where in a sync an instant lies still depends on the machine. */
const random = createRandom(process.env.NIGHTLY ? Date.now() % 1_000_000 : 261_121);
const rounds = Array.from({ length: files }, (_, index) => ({
  round: index + 1,
  kind: index % 2 === 0 ? ("airflow" as const) : ("dagster" as const),
}));

describe(`I1, I3: syncs killed at ${killsPerFile * files} random instants, then run again`, () => {
  test.each(rounds)("round $round: $kind", async ({ round, kind }) => {
    const subject = await startSubject(kind, round);
    const file = temporaryFile();
    // Instants lie between the first request and the end, as measured in a sync that was not killed.
    let durationMs = 500;
    let kills = 0;
    for (let attempt = 0; kills < killsPerFile; attempt += 1) {
      expect(attempt, "syncs end before they can be killed").toBeLessThan(100);
      const { child, ended } = startSync(subject, file);
      await Promise.race([new Promise<void>((resolve) => subject.faults.push({ before: () => resolve() })), ended]);
      const askedAt = performance.now();
      const waitMs = random.next() * durationMs;
      const timer = setTimeout(() => child.kill("SIGKILL"), waitMs);
      const { signal, stderr } = await ended;
      clearTimeout(timer);
      subject.faults.clear();

      const when = `kill ${kills + 1}, ${waitMs.toFixed(2)} ms after the first request`;
      expect(stderr, when).toBe("");
      expect(await missingRows(subject, file), when).toEqual([]);
      if (signal === "SIGKILL") {
        kills += 1;
        // Every second kill hits the sync that recovers from the previous one.
        if (kills % 2 === 0) continue;
        await syncInto(file, kind, subject.url);
      } else {
        durationMs = performance.now() - askedAt;
      }
      expect(differencesNow(subject, await read(subject, file)), when).toEqual([]);
      subject.change();
    }
  });
});
