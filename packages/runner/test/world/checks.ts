/** The runner's invariants. Each function plays a scenario and returns what went wrong. */
import { retrySchema } from "../../src/file/job-schema.ts";
import { MINUTE, schedule, World, type Wrong } from "./world.ts";
import { dyingAt } from "./wrong.ts";

/** Clock step, in ms. */
const STEP = 5000;

const retry = retrySchema.parse({ max_retries: 3, initial_delay_seconds: 5 });

/** Three schedules, two of the same tenant. One fails at its first attempt. */
const threeSchedules = () => [
  schedule("a", { cron: "* * * * *", tenant: "acme" }),
  schedule("b", { cron: "*/2 * * * *", job: { ...schedule("b").job, tenant: "acme", retry } }),
  schedule("c", { cron: "1-59/2 * * * *", maxConcurrentRuns: 2 }),
];

const behaviour: ConstructorParameters<typeof World>[1] = {
  behaviour: ({ job }, nth) => ({ ms: job === "c" ? 70_000 : 7000, exitCode: job === "b" && nth === 1 ? 1 : 0 }),
};

const expected = (every: number, first: number, last: number) =>
  Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => first + index * every).map(
    (minute) => `00:${String(minute).padStart(2, "0")} succeeded`,
  );

/** Runs of the first four minutes that are missing, duplicated or unfinished. */
async function faultsOf(world: World): Promise<string[]> {
  const faults = [...new Set(world.jobs.violations)];
  for (const [name, every, first] of [
    ["a", 1, 1],
    ["b", 2, 2],
    ["c", 2, 1],
  ] as const) {
    const found = await world.slots(name);
    const wanted = expected(every, first, 4);
    const kept = found.filter((each) => each.slice(0, 5) <= "00:04");
    if (JSON.stringify(kept) !== JSON.stringify(wanted)) faults.push(`${name}: ${kept.join(", ")}`);
  }
  return faults;
}

interface Given {
  readonly wrong?: Wrong;
  /** The state's address. @default a SQLite file */
  readonly address?: string;
}

/** Kills a runner at its nth write point, and starts another one. */
export async function killedAt(nth: number, given: Given = {}): Promise<{ faults: string[]; hasDied: boolean }> {
  const world = new World(threeSchedules(), { ...behaviour, ...given });
  const abort = new AbortController();
  const death = dyingAt(nth, () => abort.abort());
  await world.start({ over: death.wrap, abort }).catch(() => undefined);
  while (world.clock.passed() < 4 * MINUTE && !death.hasDied()) await world.clock.pass(STEP, STEP);
  const stop = await world.start();
  await world.clock.pass(6.5 * MINUTE - world.clock.passed(), STEP);
  await stop();
  const faults = await faultsOf(world);
  // The job had ended, but its end was not recorded before the kill. Running it again is the only option.
  if (death.lost() === "Recording the end of a run" && /again although/.test(faults[0] ?? "")) faults.shift();
  return { faults, hasDied: death.hasDied() };
}

/** Lets several runners share the work. */
export async function severalRunners(count: number, given: Given = {}): Promise<string[]> {
  const world = new World(threeSchedules(), { ...behaviour, ...given });
  for (let index = 0; index < count; index += 1) await world.start();
  await world.clock.pass(6.5 * MINUTE, STEP);
  return faultsOf(world);
}

/** Sets the wall clock back and forth while jobs run. */
export async function jumpingClock(given: Given = {}): Promise<string[]> {
  const world = new World(threeSchedules(), { ...behaviour, ...given });
  await world.start();
  await world.start();
  for (const jump of [-90_000, 40_000, -20_000, -150_000, 200_000, 20_000]) {
    await world.clock.pass(60_000, STEP);
    world.clock.jump(jump);
  }
  await world.clock.pass(3 * MINUTE, STEP);
  return faultsOf(world);
}
