/**
 * Rounds in which a writer changes a real Airflow during syncs. `ROUNDS_SEED` repeats a failed round (how the writer
 * interleaves with the sync still depends on the machine), `ROUNDS` plays more of them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@org/simulators/internal";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { airflowVersions, newestAirflow } from "@org/testkit/servers/airflow-versions";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clocks, playClocks } from "./airflow-clocks.ts";
import { playLargeRun, playManyDags } from "./airflow-large.ts";
import { playRound } from "./airflow-round.ts";
import { describeLiveOn, log } from "./live.ts";

const nightly = Boolean(process.env.NIGHTLY);
const newest = newestAirflow;
/** The newest version has cursors. The oldest has none: its windows are split until each part fits in a response. */
const rounds: Readonly<Record<string, number>> = nightly
  ? { "3.0.6": 16, "3.1.8": 17, "3.3.2": 17, [newest]: 17 }
  : { "3.0.6": 1, [newest]: 2 };
const roundsPerVersion = process.env.ROUNDS ? Number(process.env.ROUNDS) : undefined;
/** Of three consecutive seeds, one uses small responses, one is ordinary, and one starts with an empty destination. */
const shortSeeds: Readonly<Record<string, number>> = { "3.0.6": 14, [newest]: 15 };
const nightSeed = Date.now() % 100_000;
const [instances, dags] = nightly ? [20_000, 10_000] : [1_500, 500];
/** The clocks by day: those with which a position taken at face value would lose changes. */
const shortly = ["is ahead by an hour", "is set back by an hour between two syncs", "is not said"];
const world = { dags: 15, runsPerDag: 20 };
const minute = 60_000;

for (const { version, pythons } of airflowVersions.filter((each) => rounds[each.version])) {
  describeLiveOn(pythons)(`a real Airflow ${version} that changes while it is read`, () =>
    playOn(version, roundsPerVersion ?? rounds[version]!),
  );
}

function playOn(version: string, count: number): void {
  const folder = mkdtempSync(join(tmpdir(), "live-airflow-rounds-"));
  let server: AirflowServer;
  let files = 0;

  beforeAll(async () => {
    server = await startAirflow({ log, version });
    await seedAirflow(server, world);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  // Runs first: with fewer changes in the last hour, less is re-read when a clock is an hour behind.
  for (const [what, rewrites] of version === newest ? Object.entries(clocks) : []) {
    if (!nightly && !shortly.includes(what)) continue;
    test(`I6: no change is lost if the server's clock ${what}`, { timeout: 5 * minute }, async () => {
      log(`${what}: ${JSON.stringify(await playClocks(server, join(folder, "clocks.duckdb"), rewrites))}`);
    });
  }

  for (let number = 0; number < count; number += 1) {
    const first = Number(process.env.ROUNDS_SEED ?? (nightly ? nightSeed : shortSeeds[version]));
    const seed = first + number;
    const { fromEmpty, aborted, small } = planOf(seed);
    const kind = [
      ...(fromEmpty ? ["from an empty destination"] : []),
      ...(aborted ? ["stopped in the middle"] : []),
      ...(small ? ["in small answers"] : []),
    ];
    const name = `I4, I7: round ${number + 1}, seed ${seed}${kind.map((each) => `, ${each}`).join("")}: 0 differences once it is quiet`;
    test(name, { timeout: 15 * minute }, async () => {
      if (fromEmpty) files += 1;
      const path = join(folder, `rounds-${files}.duckdb`);
      const told = await playRound({ server, path, seed, small, aborted, ...(!nightly && { syncs: 1 }) });
      log(JSON.stringify(told));
      expect(told.rows).toMatchObject({ airflow_dags: expect.any(Number) });
    });
  }

  if (version !== newest) return;
  test(`I7, I11: one run of ${instances} mapped task instances that change while they are read`, {
    timeout: 30 * minute,
  }, async () => {
    log(JSON.stringify(await playLargeRun(server, join(folder, "large.duckdb"), instances)));
  });

  if (!nightly) return;
  test(`I7, I11: ${dags} DAGs created and deleted while they are listed`, { timeout: 30 * minute }, async () => {
    log(JSON.stringify(await playManyDags(server, join(folder, "large.duckdb"), dags)));
  });
}

/** A seed determines the kind of round: three consecutive seeds give one of each. */
function planOf(seed: number) {
  const random = createRandom(seed);
  return {
    fromEmpty: seed % 3 === 1,
    aborted: seed % 3 === 1 || random.chance(0.2),
    small: seed % 3 === 2 || random.chance(0.2),
  };
}
