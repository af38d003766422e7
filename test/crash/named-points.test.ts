import { cp } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { type FailPoint, failPoints } from "./support/fail-points.ts";
import { startSync, temporaryFile } from "./support/processes.ts";
import { syncInto } from "./support/small-sync.ts";
import { differencesNow, missingRows, read, type Stored } from "./support/stored.ts";
import { type Kind, type Subject, startSubject } from "./support/subject.ts";

interface At {
  readonly point: FailPoint;
  /** The occurrence of the point in the sync, from 1. */
  readonly nth: number;
}

const nightly = Boolean(process.env.NIGHTLY);
const ofSync: readonly FailPoint[] = [
  "creating",
  "opening",
  "opened",
  "bookkeeping",
  "prepared",
  "closing",
  "checkpointed",
];
const ofNewFile: readonly FailPoint[] = ["creating", "bookkeeping", "preparing", "prepared"];

/** Points passed once per sync. The others are passed with every table, response or batch. */
function times(point: FailPoint, others: readonly number[]): At[] {
  return (ofSync.includes(point) ? [1] : others).map((nth) => ({ point, nth }));
}

const inFirstSync = failPoints.flatMap((point) => times(point, nightly ? [1, 2, 3, 4, 5] : [3]).filter(exists));
const ofLaterSync: readonly FailPoint[] = ["answered", "saved", "committed"];
const inLaterSync = (nightly ? failPoints.filter((point) => !ofNewFile.includes(point)) : ofLaterSync).flatMap(
  (point) => times(point, point === "answered" ? [2] : nightly ? [1, 2, 3, 4] : [4]),
);

/** Airflow has three tables to prepare. */
function exists({ point, nth }: At): boolean {
  return point !== "preparing" || nth <= 3;
}

describe.each(["airflow", "dagster"] as const)("I1, I3: a sync of %s that is killed, then run again", (kind) => {
  let base: string;
  let spared: Awaited<ReturnType<typeof unkilled>>;
  beforeAll(async () => {
    base = temporaryFile();
    spared = await unkilled(kind, base);
  });

  async function expectMended(subject: Subject, file: string, at: At, expected: Stored["tables"]) {
    const failPoint = `${at.point}:${at.nth}` as const;
    expect(await startSync(subject, file, { failPoint }).ended).toMatchObject({ signal: "SIGKILL" });
    expect(await missingRows(subject, file)).toEqual([]);
    await syncInto(file, kind, subject.url);
    const stored = await read(subject, file);
    expect(differencesNow(subject, stored)).toEqual([]);
    expect(stored.tables).toEqual(expected);
  }

  // Opening and closing do not depend on the source.
  const ofKind = inFirstSync.filter(({ point }) => nightly || kind === "airflow" || !ofSync.includes(point));
  test.each(ofKind)(
    "at $point, time $nth: after a killed first sync, the next one ends with the same tables",
    async (at) => {
      const subject = await startSubject(kind);
      await expectMended(subject, temporaryFile(), at, spared.first);
    },
  );

  test.each(inLaterSync)(
    "at $point, time $nth: after a killed later sync, the next one ends with the same tables",
    async (at) => {
      const subject = await startSubject(kind);
      const file = temporaryFile();
      await cp(base, file);
      subject.change();
      await expectMended(subject, file, at, spared.second);
    },
  );
});

/** The result of two uninterrupted syncs of the same world, with its change in between. */
async function unkilled(kind: Kind, base: string) {
  const subject = await startSubject(kind);
  expect((await startSync(subject, base).ended).stderr).toBe("");
  const first = await read(subject, base);
  const file = temporaryFile();
  await cp(base, file);
  subject.change();
  await syncInto(file, kind, subject.url);
  const second = await read(subject, file);
  return { first: first.tables, second: second.tables };
}
