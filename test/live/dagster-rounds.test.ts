import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DagsterServer,
  type DagsterStorage,
  dagsterVersion,
  dagsterVersions,
  startDagster,
} from "@org/testkit/servers/dagster";
import { isLocationBroken, repairLocation, seedDagster } from "@org/testkit/servers/dagster-world";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clocks, playClocks } from "./dagster-clocks.ts";
import { idleWindow } from "./dagster-idle.ts";
import { findLateEnd } from "./dagster-late-end.ts";
import { keepLocations } from "./dagster-loading.ts";
import { overlapMs, playRound } from "./dagster-round.ts";
import { verifyAChangedRow } from "./dagster-verify.ts";
import { describeLiveOn, log } from "./live.ts";

const nightly = Boolean(process.env.NIGHTLY);
/** To repeat a failed round, set ROUNDS_SEED to the seed that it logged, and ROUNDS=1. By day, the seed is fixed. */
const firstSeed = Number(process.env.ROUNDS_SEED ?? (nightly ? Date.now() % 1_000_000 : 261_121));
/** Rounds per server: of the newest version, and of each other one. */
const rounds = { newest: Number(process.env.ROUNDS ?? (nightly ? 20 : 2)), other: nightly ? 8 : 1 };

/** The clocks by day: those with which a position taken at face value would lose changes. */
const shortly = ["is ahead by an hour", "is set back by an hour between two syncs"];

/** The newest version. At night, all of them, and databases behind and ahead of UTC. */
for (const { version, pythons } of dagsterVersions) {
  const isNewest = version === dagsterVersion;
  const storages: DagsterStorage[] = isNewest || nightly ? ["sqlite"] : [];
  if (isNewest && nightly) {
    for (const timezone of ["America/New_York", "Asia/Tokyo"]) storages.push({ postgres: { timezone } });
  }
  for (const storage of storages) {
    const where = storage === "sqlite" ? "" : ` whose PostgreSQL is in ${storage.postgres.timezone}`;
    describeLiveOn(pythons)(`a Dagster ${version}${where} that changes while it is read`, () =>
      testChanges(version, storage),
    );
  }
}

function testChanges(version: string, storage: DagsterStorage): void {
  const isNewest = version === dagsterVersion && storage === "sqlite";
  const folder = mkdtempSync(join(tmpdir(), "live-dagster-rounds-"));
  let server: DagsterServer;

  beforeAll(async () => {
    server = await startDagster({ log, version, storage, locations: ["a", "b", "c"] });
    await seedDagster(server, { runs: 600, seed: firstSeed });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (let round = 0; round < (isNewest ? rounds.newest : rounds.other); round += 1) {
    // Every other round starts with a first sync, and half of those are aborted and resumed.
    const isFirst = round % 2 === 0;
    const seed = firstSeed + round;
    test(`I4, I7: round ${round + 1} ends with the server's own rows, column by column`, async () => {
      log(`ROUNDS_SEED=${seed}`);
      // A first sync cannot know a broken location's definitions.
      if (isLocationBroken(server, "c") && isFirst) await repairLocation(server, "c");
      const path = join(folder, `round-${Math.floor(round / 2)}.duckdb`);
      const how = { aborted: round % 4 === 0, deleted: isFirst, leaveBroken: !isFirst };
      const result = await playRound({ server, path, seed, ...how });
      log(JSON.stringify(result));
      expect(Object.keys(result.changes).length).toBeGreaterThan(2);
      if (isFirst) expect(result.deleted).toEqual({ pageToken: 1, lastRows: 1, wholePage: 1 });
    }, 900_000);
  }

  test("I12: an idle sync requests the overlap and what lies ahead, and no hours of history", async () => {
    if (isLocationBroken(server, "c")) await repairLocation(server, "c");
    const window = await idleWindow(server, join(folder, "idle.duckdb"), overlapMs);
    log(JSON.stringify(window));
    expect(window.needless).toEqual([]);
    // Otherwise there was no history that it could have re-read.
    if (storage !== "sqlite") expect(window.older).toBeGreaterThan(0);
  });

  // The following does not depend on the storage, and hardly on the version.
  if (!isNewest) return;

  test("I4: a late end, dated long ago, is stored after a month of reconciles", async () => {
    await findLateEnd(server, join(folder, "late.duckdb"));
  });

  for (const [name, clock] of Object.entries(clocks)) {
    if (!nightly && !shortly.includes(name)) continue;
    test(`I6: no change is lost if the server's clock ${name}`, async () => {
      await playClocks(server, join(folder, `${name}.duckdb`), clock);
    });
  }

  test("I8: locations that fail or are loading keep their rows, others are synced, and a notice names each of them", async () => {
    await keepLocations(server, join(folder, "locations.duckdb"));
  });

  test("verify exits with 0 if all is equal, and with 1 and the run's id if a row was changed", async () => {
    await verifyAChangedRow(server, join(folder, "verified.duckdb"));
  });
}
