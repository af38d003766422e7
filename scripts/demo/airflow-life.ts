import {
  type AirflowWorld,
  hour,
  type Instant,
  minute,
  type SimulatedDag,
  type SimulatedRun,
  type SimulatedTask,
  second,
} from "@org/simulators/internal";
import { chance } from "./chance.ts";

/**
 * Advances a simulated Airflow to its clock's current time: running tasks end, due runs start, and users clear, trigger and
 * annotate. Only depends on the world and the clock, so it can be replayed.
 *
 * @param from when it was last advanced, in microseconds since 1970
 */
export function liveOn(world: AirflowWorld, from: Instant): void {
  const now = world.now();
  for (const run of world.runs().filter(isOpen)) {
    carryOn(world, run, from, now);
  }
  for (const { dag, at } of dueRuns(world, now)) begin(world, dag, at, now);
  people(world, now);
}

const isOpen = (run: SimulatedRun) => run.state === "queued" || run.state === "running";

/** The runs that the scheduler has to create, in order. */
function dueRuns(world: AirflowWorld, now: Instant): { dag: SimulatedDag; at: Instant }[] {
  const due: { dag: SimulatedDag; at: Instant }[] = [];
  for (const dag of world.dags.values()) {
    if (!dag.nextRun || dag.isPaused || dag.isStale) continue;
    const every = dag.nextRun.intervalEnd - dag.nextRun.intervalStart;
    let at = dag.nextRun.runAfter;
    for (; at < now; at += every) due.push({ dag, at });
    const nextRun = { logicalDate: at - every, intervalStart: at - every, intervalEnd: at, runAfter: at };
    world.setDag(dag, { nextRun });
  }
  return due.sort((a, b) => a.at - b.at || (a.dag.dagId < b.dag.dagId ? -1 : 1));
}

function begin(world: AirflowWorld, dag: SimulatedDag, at: Instant, now: Instant): void {
  const every = dag.nextRun!.intervalEnd - dag.nextRun!.intervalStart;
  const started = Math.min(at + 5 * second, now);
  const run = world.at(started, () => {
    const interval = [at - every, at] as const;
    const created = world.addRun(dag, { runType: "scheduled", runAfter: at, logicalDate: at - every, interval });
    world.startRun(created);
    return created;
  });
  carryOn(world, run, started, now);
}

/** Continues an unfinished run with its remaining tasks, up to now. */
function carryOn(world: AirflowWorld, run: SimulatedRun, from: Instant, now: Instant): void {
  const habits = habitsOf(run);
  let clock = from;
  if (run.state === "queued") world.at(clock, () => world.startRun(run));
  for (const definition of run.dag.tasks) {
    const placeholder = run.tasks.find((task) => task.definition === definition && task.mapIndex < 0);
    if (run.tasks.some(({ state }) => state === "failed")) {
      for (const task of run.tasks) {
        if (task.definition === definition && isLeft(task))
          world.at(clock, () => world.setTaskState(task, "upstream_failed"));
      }
      continue;
    }
    if (definition.mapped && placeholder && isLeft(placeholder)) world.at(clock, () => world.expand(placeholder));
    const siblings = run.tasks.filter((task) => task.definition === definition);
    const begun = clock;
    // Siblings run in parallel.
    const left = siblings.filter(isLeft);
    const ends = left.map((task) => attempt(world, task, begun, now, habits(task, task === siblings.at(-1))));
    for (const end of ends) {
      if (end === undefined) return;
      clock = Math.max(clock, end);
    }
  }
  const state = run.tasks.some(({ state }) => state === "failed") ? "failed" : "success";
  world.at(clock, () => world.setRunState(run, state));
}

const endedOf = (dag: SimulatedDag) => [...dag.runs.values()].filter((run) => !isOpen(run));
const isBroken = (ended: readonly SimulatedRun[]) =>
  ended.length > 2 && ended.slice(-3).every(({ state }) => state === "failed");
const isLeft = ({ state }: SimulatedTask) =>
  state === null || !["success", "failed", "skipped", "upstream_failed", "removed"].includes(state);

interface Habit {
  readonly takes: Instant;
  /** Whether it fails once and is retried, or fails for good. */
  readonly fails: "never" | "once" | "always";
}

/** @returns when it ended. Undefined if still running. */
function attempt(world: AirflowWorld, task: SimulatedTask, from: Instant, now: Instant, { takes, fails }: Habit) {
  let start = task.state === "running" ? (task.startDate ?? from) : from + 2 * second;
  if (start >= now) return undefined;
  if (task.state !== "running") world.at(start, () => world.startTask(task));
  let end = Math.max(start + takes, from);
  if (fails === "once" && task.history.length === 0) {
    if (end >= now) return undefined;
    world.at(end, () => world.retry(task));
    start = end + 5 * minute;
    if (start >= now) return undefined;
    world.at(start, () => world.startTask(task));
    end = start + takes;
  }
  if (end >= now) return undefined;
  world.at(end, () => world.finishTask(task, fails === "always" ? "failed" : "success"));
  return end;
}

/** Tasks take as long and fail as often as before: what is broken, slow or flaky stays so. */
function habitsOf(run: SimulatedRun): (task: SimulatedTask, isLast: boolean) => Habit {
  const ended = endedOf(run.dag).slice(-10);
  const broken = isBroken(ended)
    ? ended.at(-1)?.tasks.find(({ state }) => state === "failed")?.definition.taskId
    : undefined;
  return ({ definition, mapIndex }, isLast) => {
    const { taskId, duration = minute } = definition;
    const before = ended.flatMap(({ tasks }) => tasks.filter((task) => task.definition.taskId === taskId));
    const lengths = before
      .filter(({ state, startDate, endDate }) => state === "success" && startDate !== null && endDate !== null)
      .map(({ startDate, endDate }) => (endDate as Instant) - (startDate as Instant))
      .slice(-8)
      .sort((a, b) => a - b);
    // Either its usual duration or a multiple of it, not the median itself: that would drift from visit to visit.
    const usual = duration * Math.max(1, Math.round((lengths[Math.floor(lengths.length / 2)] ?? duration) / duration));
    const luck = chance(`${run.dag.dagId} ${run.runId} ${taskId} ${mapIndex}`);
    const takes = Math.round(usual * (0.9 + 0.2 * luck));
    const retried = before.filter(({ tryNumber }) => tryNumber > 1).length / Math.max(1, before.length);
    const isFlaky = isLast && (definition.retries ?? 0) > 0 && chance(`${run.runId} ${taskId}`) < retried;
    return { takes, fails: taskId === broken ? "always" : isFlaky ? "once" : "never" };
  };
}

function people(world: AirflowWorld, now: Instant): void {
  // What is broken stays broken.
  const failed = world
    .runs()
    .filter((run) => run.state === "failed" && (run.endDate ?? 0) > now - 7 * 24 * hour && !isBroken(endedOf(run.dag)));
  const cleared = failed[Math.floor(chance(`cleared ${now}`) * failed.length)];
  const task = cleared?.tasks.find(({ state }) => state === "failed");
  if (cleared && task) {
    world.at(now - 20 * minute, () => world.clearTask(task));
    world.at(now - 10 * minute, () => world.finishRun(cleared, "success"));
  }
  const noted = failed.find((run) => run !== cleared);
  if (noted) world.at(now - 15 * minute, () => world.note(noted, "Checked: the source system was late."));
  const dags = [...world.dags.values()].filter(({ isStale, isPaused }) => !isStale && !isPaused);
  const triggered = dags[Math.floor(chance(`triggered ${now}`) * dags.length)];
  if (!triggered) return;
  const asked = now - 2 * minute;
  const run = world.at(asked, () => world.addRun(triggered, { conf: { asked_by: "finance" } }));
  world.at(asked, () => world.startRun(run));
  carryOn(world, run, asked, now);
}
