import { cp } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { type FailPoint, failPoints } from "./support/fail-points.ts";
import { startSync, temporaryFile } from "./support/processes.ts";
import { syncInto } from "./support/small-sync.ts";
import { allRows, differencesNow, missingRows } from "./support/stored.ts";
import { type Kind, startSubject } from "./support/subject.ts";

/** Points that a sync passes once; the others are passed by every answer or batch. */
const once: readonly FailPoint[] = ["opening", "opened", "bookkeeping", "prepared", "closing", "checkpointed"];
/** Points of a file that is new. */
const first: readonly FailPoint[] = ["bookkeeping", "preparing", "prepared"];
const times = process.env.NIGHTLY ? [1, 2, 3, 4, 5, 6, 7, 8] : [4];

describe.each(["airflow", "dagster"] as const)("I1, I3: a sync of %s that is killed, then run again", (kind) => {
  let base: string;
  let spared: Awaited<ReturnType<typeof unkilled>>;
  beforeAll(async () => {
    base = temporaryFile();
    spared = await unkilled(kind, base);
  });

  const inHistory = failPoints.flatMap((point) => (once.includes(point) ? [1] : times).map((nth) => ({ point, nth })));
  test.each(inHistory)("at $point, time $nth, ends a first sync as if it had never been killed", async (at) => {
    const subject = await startSubject(kind);
    const file = temporaryFile();
    expect(await startSync(subject, file, { failPoint: `${at.point}:${at.nth}` }).ended).toMatchObject({
      signal: "SIGKILL",
    });
    expect(await missingRows(subject, file)).toEqual([]);
    await syncInto(file, kind, subject.url);
    expect(await differencesNow(subject, file)).toEqual([]);
    expect(await allRows(subject, file)).toEqual(spared.first);
  });

  const later = failPoints.filter((point) => !first.includes(point)).map((point) => ({ point, nth: once.includes(point) ? 1 : 3 }));
  test.each(later)("at $point, time $nth, ends a later sync as if it had never been killed", async (at) => {
    const subject = await startSubject(kind);
    const file = temporaryFile();
    await cp(base, file);
    subject.change();
    expect(await startSync(subject, file, { failPoint: `${at.point}:${at.nth}` }).ended).toMatchObject({
      signal: "SIGKILL",
    });
    expect(await missingRows(subject, file)).toEqual([]);
    await syncInto(file, kind, subject.url);
    expect(await differencesNow(subject, file)).toEqual([]);
    expect(await allRows(subject, file)).toEqual(spared.second);
  });
});

/** What two syncs make of the same world, its change in between, when nobody kills them. */
async function unkilled(kind: Kind, base: string) {
  const subject = await startSubject(kind);
  await syncInto(base, kind, subject.url);
  const first = await allRows(subject, base);
  const file = temporaryFile();
  await cp(base, file);
  subject.change();
  await syncInto(file, kind, subject.url);
  return { first, second: await allRows(subject, file) };
}
