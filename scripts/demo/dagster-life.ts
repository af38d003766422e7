import { type DagsterWorld, day, type Instant, minute, type SimulatedDagsterRun, second } from "@org/simulators";
import { chance } from "./chance.ts";

/**
 * Lets a simulated Dagster live on until its clock's present: open runs end, jobs run as often as they did, and
 * materialize what they materialized before. Can be played again, like Airflow's.
 *
 * @param from when it was looked at last, in microseconds since 1970
 */
export function liveOn(world: DagsterWorld, from: Instant): void {
  const now = world.now();
  const history = world.ordered().filter((run) => run.creationTime > from - 14 * day);
  for (const run of history.filter(isOpen)) {
    end(world, run, Math.min(from + Math.round(chance(run.runId) * 40) * minute, now));
  }
  const launches = jobsOf(history, from).flatMap((runs) => {
    const { jobName, location, tags } = runs.at(-1)!;
    const every = Math.round((14 * day) / runs.length);
    const first = from + Math.round(chance(`${jobName} ${from}`) * every);
    const count = Math.max(0, Math.ceil((now - first) / every));
    return Array.from({ length: count }, (_, index) => ({ jobName, location, tags, at: first + index * every }));
  });
  launches.sort((a, b) => a.at - b.at || (a.jobName < b.jobName ? -1 : 1));
  for (const { jobName, location, tags, at } of launches) {
    const run = world.at(at, () => world.addRun({ jobName, location, tags: Object.fromEntries(tags) }));
    if (at + 10 * second >= now) continue;
    world.at(at + 10 * second, () => world.start(run));
    const ended = at + Math.round((4 + 20 * chance(run.runId)) * minute);
    if (ended < now) end(world, run, ended);
  }
}

const isOpen = ({ endTime }: SimulatedDagsterRun) => endTime === null;

/** The runs by job, of the jobs that are still run. */
function jobsOf(history: readonly SimulatedDagsterRun[], from: Instant): SimulatedDagsterRun[][] {
  const byJob = Map.groupBy(history, ({ jobName }) => jobName);
  return [...byJob.values()].filter((runs) => runs.some((run) => run.creationTime > from - 2 * day));
}

function end(world: DagsterWorld, run: SimulatedDagsterRun, at: Instant): void {
  const status = chance(`${run.runId} ${at}`) < 0.1 ? "FAILURE" : "SUCCESS";
  if (status === "SUCCESS") {
    const made = [...world.materializations].filter(([, { runId }]) => world.runs.get(runId)?.jobName === run.jobName);
    world.at(at - second, () => {
      for (const [id] of made) world.materialize(JSON.parse(id), run);
    });
  }
  world.at(at, () => world.finish(run, status));
}
