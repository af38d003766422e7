import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "@org/simulators";
import type { DagsterServer } from "./dagster.ts";
import { breakLocation, isLocationBroken, repairLocation, switchSchedule, switchSensor } from "./dagster-world.ts";

const script = fileURLToPath(new URL("dagster/write.py", import.meta.url));
/** Actions between two looks at whether it is to stop. */
const ACTIONS_AT_ONCE = 6;

let changed = 0;

export type Counts = Record<string, number>;

export interface DagsterWriter {
  /** Lets what was begun be finished. @returns how often each thing was done */
  stop(): Promise<Counts>;
}

/**
 * Changes a server without a pause until it is stopped: what happens to runs and assets, in dagster/write.py, and people
 * who switch schedules and sensors and deploy the code of location c, broken now and then.
 *
 * @param seed decides what is done in which order; how it interleaves with a sync is up to the machine
 * @param leaveBroken has location c broken when the writer stops; otherwise it is loaded then
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
  // It is awaited by stop(); a failure before that is no unhandled one.
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
 * Does some of what the writer does to runs and assets.
 *
 * @param options.seed with `step`, decides what is done. Default: another each time
 * @param options.only names of functions in dagster/write.py. Default: all of them
 * @returns how often each thing was done
 */
export async function changeRuns(
  server: DagsterServer,
  options: { seed?: number; step?: number; actions: number; only?: readonly string[] },
): Promise<Counts> {
  // The ids of new runs come from seed and step.
  changed += 1;
  return await server.python<Counts>(script, { seed: -1, step: changed, only: null, ...options });
}

/** Has location c load for seconds, with the same definitions at the end. Meanwhile the server shows the old ones. */
async function deploySlowly(server: DagsterServer): Promise<void> {
  const file = join(server.home, "definitions", "c.py");
  const code = await readFile(file, "utf8");
  await writeFile(file, `import time\n\ntime.sleep(2)\n${code}`);
  await server.reloadLocation("c");
  await writeFile(file, code);
}
