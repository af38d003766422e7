import {
  type AirflowWorld,
  hour,
  type Instant,
  minute,
  type SimulatedDag,
  type SimulatedRun,
  second,
} from "@org/simulators";
import { chance } from "./chance.ts";

/**
 * Lets a simulated Airflow live on until its clock's present: what was under way ends, what was due begins, and people
 * clear, trigger and annotate. Depends on nothing but the world and the clock, so that it can be played again.
 *
 * @param from when it was looked at last, in microseconds since 1970
 */
export function liveOn(world: AirflowWorld, from: Instant): void {
  const now = world.now();
  for (const run of world.runs().filter(isOpen)) {
    end(world, run, Math.min(from + Math.round(chance(run.runId) * 40) * minute, now));
  }
  for (const { dag, at } of dueRuns(world, now)) begin(world, dag, at, now);
  people(world, now);
}

const isOpen = (run: SimulatedRun) => run.state === "queued" || run.state === "running";

/** What the scheduler has to create, in the order of time. Every DAG then waits for its next interval. */
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
  const takes = dag.tasks.reduce((sum, task) => sum + (task.duration ?? minute), 0);
  const ended = started + Math.round(takes * (0.7 + 0.6 * chance(`${dag.dagId} ${at}`)));
  if (ended < now) end(world, run, ended);
  else if (run.tasks[0]) world.at(Math.min(started + 4 * second, now), () => world.startTask(run.tasks[0]!));
}

/** A DAG keeps failing as often as it did. */
function end(world: AirflowWorld, run: SimulatedRun, at: Instant): void {
  const ended = [...run.dag.runs.values()].filter((one) => !isOpen(one));
  const failing = ended.filter(({ state }) => state === "failed").length / Math.max(1, ended.length);
  const state = chance(`${run.dag.dagId} ${run.runId} ${at}`) < failing ? "failed" : "success";
  world.at(at, () => world.finishRun(run, state));
}

function people(world: AirflowWorld, now: Instant): void {
  const failed = world.runs().filter((run) => run.state === "failed" && (run.endDate ?? 0) > now - 2 * 24 * hour);
  const cleared = failed[Math.floor(chance(`cleared ${now}`) * failed.length)];
  const task = cleared?.tasks.find(({ state }) => state === "failed");
  if (cleared && task) {
    world.at(now - 20 * minute, () => world.clearTask(task));
    world.at(now - 10 * minute, () => world.finishRun(cleared, "success"));
  }
  const noted = failed.find((run) => run !== cleared);
  if (noted) world.at(now - 15 * minute, () => world.note(noted, "Looked at it: the source system was late."));
  const dags = [...world.dags.values()].filter(({ isStale, isPaused }) => !isStale && !isPaused);
  const triggered = dags[Math.floor(chance(`triggered ${now}`) * dags.length)];
  if (triggered)
    world.at(now - 2 * minute, () => world.startRun(world.addRun(triggered, { conf: { asked_by: "finance" } })));
}
