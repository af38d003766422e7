/** Performs steps on a simulated Airflow, as a real server would allow them. Ignores steps that are not possible now. */
import {
  type AirflowWorld,
  hour,
  type SimulatedRun,
  type SimulatedTask,
  type TaskDefinition,
} from "@org/simulators/internal";
import type { WorldStep } from "./airflow-steps.ts";

const minute = 60_000_000;
const day = 24 * hour;
const names = ["a", "b", "c", "d"];
const MOST_RUNS = 5;

const allTasks = [{ taskId: "plain", retries: 1 }, { taskId: "fan", mapped: 2 }, { taskId: "last" }];
const fewTasks = [{ taskId: "plain", retries: 1 }];
/** The tasks of a loop: each iteration has one instance of the first, and several of the second, which is mapped. */
const loop = [
  { taskId: "again.step", loop: "again", retries: 1 },
  { taskId: "again.fan", loop: "again", mapped: 2 },
];
const MOST_ITERATIONS = 4;

function tasksOf(few: boolean, { version }: AirflowWorld): readonly TaskDefinition[] {
  return [...(few ? fewTasks : allTasks), ...(version === "3.3" ? [] : loop)];
}

/** How a deletion can be detected: only by a reconcile, by an event, or by the list of DAGs. */
export type Trace = "none" | "event" | "dag" | "shown";

/** @returns how the step's deletions can be detected */
export function live(world: AirflowWorld, step: WorldStep): Trace {
  const { lateMs } = step;
  if (lateMs === undefined) return change(world, step);
  // The line in the audit log is a millisecond older than the change that it announces.
  const isLogged = ["delete", "note", "again", "clear iteration"].some((each) => step.do.includes(each));
  return world.at(world.now() - Math.max(0, lateMs - (isLogged ? 2 : 0)) * 1000, () => change(world, step));
}

function change(world: AirflowWorld, step: WorldStep): Trace {
  const run = "run" in step ? pick(world.runs(), step.run) : undefined;
  const dag = "dag" in step ? pick([...world.dags.values()], step.dag) : undefined;
  const now = world.now();
  switch (step.do) {
    case "add run": {
      if (!dag || dag.isStale || dag.runs.size >= MOST_RUNS || dag.runs.has(`r${step.id}`)) return "shown";
      const runAfter = { manual: now, scheduled: now - minute, backfill: now - 40 * day, ahead: now + day }[step.kind];
      const runType = step.kind === "backfill" || step.kind === "scheduled" ? step.kind : "manual";
      const logicalDate = step.kind === "manual" ? null : runAfter - hour;
      const tasks = tasksOf(step.few, world).filter(({ taskId }) => dag.tasks.some((each) => each.taskId === taskId));
      world.addRun(dag, { runId: `r${step.id}`, runAfter, runType, logicalDate, tasks });
      return "shown";
    }
    case "start run":
      if (run?.state === "queued") world.startRun(run);
      return "shown";
    case "finish run":
    case "fail run":
      if (run) world.finishRun(run, step.do === "fail run" ? "failed" : "success");
      return "shown";
    case "set success":
    case "set failed":
      if (run) world.setRunState(run, step.do === "set failed" ? "failed" : "success");
      return "shown";
    case "end run without a stamp":
      if (run) world.withoutStamps(() => world.setRunState(run, "success"));
      return "shown";
    case "delete run":
      if (run) world.deleteRun(run, step.silently);
      return step.silently ? "none" : "event";
    case "make run again": {
      if (!run) return "shown";
      const { runId, runAfter, dag } = run;
      world.deleteRun(run, step.silently);
      world.addRun(dag, { runId, runAfter, tasks: tasksOf(step.few, world).slice(0, dag.tasks.length) });
      return step.silently ? "none" : "event";
    }
    case "expand": {
      // Schedulers do not touch finished runs, and a new version of one would be visible nowhere.
      if (run?.state !== "queued" && run?.state !== "running") return "shown";
      const placeholder = run.tasks.find(({ definition, mapIndex }) => definition.mapped && mapIndex < 0);
      if (placeholder && placeholder.state === null) world.expand(placeholder, step.count);
      return "shown";
    }
    case "iterate":
      if (run?.state !== "running" || (run.loops.get("again")?.next ?? MOST_ITERATIONS) >= MOST_ITERATIONS)
        return "shown";
      world.addIteration(run, "again");
      world.tick(run);
      return "shown";
    case "clear iteration": {
      const begun = run?.loops.get("again")?.next;
      if (run && begun) world.clearIteration(run, "again", step.iteration % begun, step.silently);
      return step.silently ? "none" : "event";
    }
    case "shrink":
      if (run) world.shrink(run, "fan", step.count);
      return "shown";
    case "note run":
      if (run) world.note(run, `note ${step.text}`);
      return "shown";
    case "note task":
      if (run?.tasks.length) world.note(pick(run.tasks, step.task)!, `note ${step.text}`);
      return "shown";
    case "add dag": {
      const free = pick(
        names.filter((name) => !world.dags.has(name)),
        step.dag,
      );
      if (free) world.addDag({ dagId: free, tasks: tasksOf(step.few, world) });
      return "shown";
    }
    case "delete dag":
      if (dag) world.deleteDag(dag);
      return "dag";
    case "rename dag": {
      const name = dag && `${dag.dagId}2`;
      if (!name || world.dags.has(name) || name.length > 2) return "shown";
      world.setDag(dag, { isStale: true });
      world.addDag({ dagId: name, tasks: dag.tasks });
      return "shown";
    }
    case "pause dag":
      if (dag) world.setDag(dag, { isPaused: !dag.isPaused });
      return "shown";
    case "make stale":
      if (dag) world.setDag(dag, { isStale: !dag.isStale });
      return "shown";
    case "parse dag":
      if (dag) world.addVersion(dag);
      return "shown";
    case "purge":
      purge(world, now - (step.days + 1) * day);
      return "none";
    default: {
      const task = run && pick(run.tasks, step.task);
      if (task) changeTask(world, run, task, step.do);
      return "shown";
    }
  }
}

function changeTask(world: AirflowWorld, run: SimulatedRun, task: SimulatedTask, action: string): void {
  const { state } = task;
  if (action === "clear") {
    world.clearTask(task);
    return;
  }
  // Everything else is the scheduler's work, in a run that it checks every second.
  if (run.state !== "running" || (task.definition.mapped && task.mapIndex < 0)) return;
  const isWaiting = state === null || state === "up_for_retry" || state === "scheduled";
  if (action === "finish without a stamp") {
    if (state === "running" || state === null) world.withoutStamps(() => world.finishTask(task));
    return;
  }
  if (action === "queue" && isWaiting) world.queueTask(task);
  else if (action === "start" && (isWaiting || state === "queued")) world.startTask(task);
  else if (action === "succeed" && state === "running") world.finishTask(task);
  else if (action === "fail" && state === "running") world.finishTask(task, "failed");
  else if (action === "retry" && (state === "running" || state === "restarting")) world.retry(task);
  else if (action === "skip" && isWaiting) world.setTaskState(task, "skipped");
  else if (action === "set upstream_failed" && isWaiting) world.setTaskState(task, "upstream_failed");
  else if (action === "defer" && state === "running") world.setTaskState(task, "deferred");
  else if (action === "reschedule" && state === "running") world.setTaskState(task, "up_for_reschedule");
  else if (action === "resume" && (state === "deferred" || state === "up_for_reschedule"))
    world.setTaskState(task, "running");
  else return;
  world.tick(run);
}

/** `airflow db clean`: deletes runs that started before a given time, except the newest of each DAG. */
function purge(world: AirflowWorld, before: number): void {
  for (const dag of world.dags.values()) {
    const newest = [...dag.runs.values()].sort((a, b) => (a.startDate ?? 0) - (b.startDate ?? 0)).at(-1);
    for (const run of [...dag.runs.values()]) {
      if (run !== newest && run.startDate !== null && run.startDate < before) world.deleteRun(run, true);
    }
  }
}

function pick<T>(items: readonly T[], number: number): T | undefined {
  return items[number % items.length];
}
