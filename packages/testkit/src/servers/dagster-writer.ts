import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "@org/simulators/internal";
import type { DagsterServer } from "./dagster.ts";
import { breakLocation, isLocationBroken, repairLocation, switchSchedule, switchSensor } from "./dagster-world.ts";

const script = fileURLToPath(new URL("dagster/write.py", import.meta.url));
/** Actions between two checks whether to stop. */
const ACTIONS_AT_ONCE = 6;

let changed = 0;

export type Counts = Record<string, number>;

export interface DagsterWriter {
  /** Finishes what was started. @returns how often each action was done */
  stop(): Promise<Counts>;
}

/**
 * Changes a server continuously until stopped: runs and assets (dagster/write.py), and users who start and stop schedules
 * and sensors, and deploy the code of location c, sometimes broken.
 *
 * @param seed determines the actions and their order; how they interleave with a sync depends on the machine
 * @param leaveBroken leave location c broken when the writer stops. Otherwise it is loaded.
 */
export function startDagsterWriter(server: DagsterServer, seed: number, leaveBroken = false): DagsterWriter {
  const counts: Counts = {};
  const add = (done: Counts) => {
    for (const [name, count] of Object.entries(done)) counts[name] = (counts[name] ?? 0) + count;
  };
  let stopped = false;

  async function runs(): Promise<void> {
    for (let step = 1; !stopped || step === 1; step += 1) {
      add(await changeRuns(server, { seed, step, actions: ACTIONS_AT_ONCE }));
    }
  }

  async function people(): Promise<void> {
    const random = createRandom(seed);
    let isBroken = isLocationBroken(server, "c");
    const setBroken = async (broken: boolean) => {
      if (isBroken === broken) return;
      await (broken ? breakLocation : repairLocation)(server, "c");
      isBroken = broken;
      add({ [broken ? "location broken" : "location repaired"]: 1 });
    };
    const actions = [
      () => switchSchedule(server, random.pick(["nightly", "hourly"]), random.chance(0.5)),
      () => switchSensor(server, random.pick(["without_job", "two_jobs"]), random.chance(0.5)),
    ];
    for (let turn = 0; !stopped; turn += 1) {
      if (turn % 3 === 2) {
        if (isBroken || random.chance(0.7)) await setBroken(!isBroken);
        else await deploySlowly(server).then(() => add({ "location deployed": 1 }));
      } else {
        await random.pick(actions)();
        add({ switched: 1 });
      }
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 500)));
    }
    await setBroken(leaveBroken);
  }

  const done = Promise.all([runs(), people()]);
  // Awaited by stop(). Until then, avoid an unhandled rejection.
  done.catch(() => {});
  return {
    async stop() {
      stopped = true;
      await done;
      return counts;
    },
  };
}

/**
 * Performs some of the writer's actions on runs and assets.
 *
 * @param options.seed determines the actions, together with `step`. Default: random.
 * @param options.only Names of functions in dagster/write.py. Default: all of them.
 * @returns how often each action was done
 */
export async function changeRuns(
  server: DagsterServer,
  options: { seed?: number; step?: number; actions: number; only?: readonly string[] },
): Promise<Counts> {
  // New runs' ids derive from seed and step.
  changed += 1;
  return await server.python<Counts>(script, { seed: -1, step: changed, only: null, ...options });
}

/** Reloads location c slowly, with the same definitions. Until it has loaded, the server shows the old ones. */
async function deploySlowly(server: DagsterServer): Promise<void> {
  const file = join(server.home, "definitions", "c.py");
  const code = await readFile(file, "utf8");
  await writeFile(file, `import time\n\ntime.sleep(2)\n${code}`);
  await server.reloadLocation("c");
  await writeFile(file, code);
}
