import { createRandom, type Random } from "../random.ts";
import { type Clock, createClock, day, type Instant, minute, second } from "../time.ts";
import { companyDags, type DemoDag, inventedDags } from "./demo-dags.ts";
import { type AirflowIncidents, airflowIncidents, type Behaviour, behaviourOf } from "./incidents.ts";
import type { SimulatedDag, SimulatedRun, SimulatedTask } from "./records.ts";
import type { AirflowWorldVersion } from "./store.ts";
import { AirflowWorld } from "./world.ts";

export interface DemoAirflowOptions {
  /** @default 1 */
  readonly seed?: number;
  /** @default one that stands still */
  readonly clock?: Clock;
  /** How many DAGs: the company's 25, then invented ones. @default 25 */
  readonly dags?: number;
  /** How far back the runs go from the clock. @default 14 */
  readonly days?: number;
  /** The maximum number of runs per DAG, the newest. @default no limit */
  readonly runsPerDag?: number;
  /**
   * Whether a fixed set of incidents is all that is wrong at the clock's time, and everything else runs evenly.
   * @default false: many runs fail now and then
   */
  readonly incidents?: boolean;
  /** The version of its server. @default "3.3" */
  readonly version?: AirflowWorldVersion;
}

interface Circumstances {
  readonly now: Instant;
  readonly incidents: AirflowIncidents | undefined;
}

interface Due {
  readonly dag: SimulatedDag;
  readonly demo: DemoDag;
  readonly at: Instant;
}

/**
 * A company's Airflow: DAGs that fail often, slow tasks, mapped ones, retries, manual runs, and unfinished ones at the
 * clock's time. Options make it small for tests, or as large as 10,000 DAGs.
 */
export function createDemoAirflowWorld(options: DemoAirflowOptions = {}): AirflowWorld {
  const random = createRandom(options.seed ?? 1);
  const world = new AirflowWorld(
    options.clock ?? createClock(),
    createRandom((options.seed ?? 1) + 1),
    options.version,
  );
  const now = world.now();
  const since = now - (options.days ?? 14) * day;
  const count = options.dags ?? companyDags.length;
  const demos = [...companyDags.slice(0, count), ...inventedDags(count - companyDags.length, random)];
  const due = demos.flatMap((demo) => {
    const dag = world.at(since - 30 * day, () => world.addDag(settingsOf(demo, now)));
    if (demo.isStale) world.setDag(dag, { isStale: true, nextRun: null });
    const moments: Instant[] = [];
    for (let at = lastDue(demo, now); at >= since; at -= demo.every) moments.push(at);
    const kept = moments.slice(0, options.runsPerDag ?? moments.length);
    return kept.map((at): Due => ({ dag, demo, at }));
  });
  // In order of time, so that ids grow with time as on a real server.
  due.sort((a, b) => a.at - b.at || (a.dag.dagId < b.dag.dagId ? -1 : 1));
  const incidents = options.incidents ? airflowIncidents(now) : undefined;
  for (const one of due) happen(world, random, one, { now, incidents });
  return world;
}

/** The last time before now at which a DAG was due: a multiple of its interval, shifted by its offset. */
function lastDue(demo: DemoDag, now: Instant): Instant {
  const at = Math.floor((now - demo.offset) / demo.every) * demo.every + demo.offset;
  return demo.isStale ? at - 5 * day : at;
}

function settingsOf(demo: DemoDag, now: Instant) {
  const next = lastDue(demo, now) + demo.every;
  return {
    dagId: demo.dagId,
    tasks: demo.tasks,
    description: demo.description,
    owners: [demo.owner],
    tags: demo.tags,
    schedule: demo.schedule,
    scheduleInWords: null,
    isPaused: demo.isPaused ?? false,
    maxActiveRuns: demo.every < day ? 1 : 16,
    nextRun: { logicalDate: next - demo.every, intervalStart: next - demo.every, intervalEnd: next, runAfter: next },
  };
}

/** One run, from the scheduler's decision to its end, or to the current time. */
function happen(world: AirflowWorld, random: Random, { dag, demo, at }: Due, circumstances: Circumstances): void {
  const { now } = circumstances;
  // An incident's DAG is not started manually while it is investigated.
  const manual = random.chance(0.03) && demo.dagId !== circumstances.incidents?.broken.dagId;
  // Manual runs have no logical date, and arbitrary times.
  const born = at + random.between(1, manual ? 3000 : 20) * second + random.between(0, 999_999);
  if (born >= now) return;
  const run = world.at(born, () =>
    manual
      ? world.addRun(dag, { runAfter: born, conf: { reason: "asked for by finance" } })
      : world.addRun(dag, {
          runType: "scheduled",
          runAfter: at,
          logicalDate: at - demo.every,
          interval: [at - demo.every, at],
        }),
  );
  const started = born + random.between(1, 8) * second;
  if (started >= now) return;
  world.at(started, () => world.startRun(run));
  const end = carryOut(world, random, run, demo, started, circumstances);
  if (end === undefined) return;
  const failed = run.tasks.some((task) => task.state === "failed" || task.state === "upstream_failed");
  world.at(end, () => world.setRunState(run, failed ? "failed" : "success"));
  if (failed && random.chance(0.1)) {
    const noticed = Math.min(end + random.between(600, 7200) * second, now - second);
    world.at(noticed, () => world.note(run, "Source system was down, see the incident channel."));
  }
}

/** Runs the tasks one after the other. @returns when the last one ended, undefined if the current time came first */
function carryOut(
  world: AirflowWorld,
  random: Random,
  run: SimulatedRun,
  demo: DemoDag,
  started: Instant,
  { now, incidents }: Circumstances,
): Instant | undefined {
  let clock = started;
  let failed = false;
  for (const definition of run.dag.tasks) {
    const first = world.task(run, definition.taskId);
    if (failed) {
      world.at(clock, () => world.setTaskState(first, "upstream_failed"));
      continue;
    }
    if (definition.mapped) world.at(clock, () => world.expand(first));
    const begun = clock;
    const siblings = run.tasks.filter((task) => task.definition === definition);
    for (const task of siblings) {
      const isLast = task === siblings.at(-1);
      const behaviour = behaviourOf(demo, definition, { at: started, now, isLast, incidents });
      const end = attempts(world, random, task, begun, now, behaviour);
      // Siblings run in parallel.
      if (end === undefined && !incidents) return undefined;
      clock = Math.max(clock, end ?? now);
      failed ||= task.state === "failed";
    }
    if (clock >= now) return undefined;
  }
  return clock;
}

/** The attempts of one task instance until it succeeds or has no retries left. */
function attempts(
  world: AirflowWorld,
  random: Random,
  task: SimulatedTask,
  from: Instant,
  now: Instant,
  { chance, duration, spread, isSaved }: Behaviour,
): Instant | undefined {
  let start = from + random.between(500_000, 4_000_000);
  for (let left = task.definition.retries ?? 0; ; left--) {
    if (start >= now) return undefined;
    world.at(start, () => world.startTask(task));
    const end = start + Math.round(duration * (1 - spread + random.next() * 2 * spread)) + random.between(0, 999_999);
    if (end >= now) return undefined;
    if (!random.chance(chance) || (isSaved && left <= 0)) {
      world.at(end, () => world.finishTask(task, "success"));
      return end;
    }
    if (left <= 0) {
      world.at(end, () => world.finishTask(task, "failed"));
      return end;
    }
    world.at(end, () => world.retry(task));
    start = end + 5 * minute;
  }
}
