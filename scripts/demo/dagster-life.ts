import {
  type DagsterWorld,
  day,
  hour,
  type Instant,
  minute,
  type SimulatedDagsterRun,
  second,
} from "@org/simulators/internal";
import { chance } from "./chance.ts";

/**
 * Advances a simulated Dagster to its clock's current time: open runs end, jobs run as often as before, and materialize the
 * same assets. Can be replayed, like Airflow's.
 *
 * @param from when it was last advanced, in microseconds since 1970
 */
export function liveOn(world: DagsterWorld, from: Instant): void {
  const now = world.now();
  const history = world.ordered().filter((run) => run.creationTime > from - 14 * day);
  for (const run of history.filter(isOpen)) {
    if (run.startTime === null) world.at(from, () => world.start(run));
    const took = usualOf(history, run.jobName) * (0.9 + 0.2 * chance(run.runId));
    const ended = Math.max(from + second, Math.round((run.startTime ?? from) + took));
    if (ended < now) end(world, run, ended);
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
    const ended = at + Math.round(usualOf(history, jobName) * (0.9 + 0.2 * chance(run.runId)));
    // A failed run is followed by a successful one, so that nothing is broken at the end.
    const isLast = !launches.some((later) => later.jobName === jobName && later.at > at && later.at + hour < now);
    if (ended < now) end(world, run, ended, isLast ? 0 : 0.1);
  }
}

/** The median duration of a job's successful runs. */
function usualOf(history: readonly SimulatedDagsterRun[], job: string): Instant {
  const lengths = history
    .filter(
      ({ jobName, status, startTime, endTime }) =>
        jobName === job && status === "SUCCESS" && startTime !== null && endTime !== null,
    )
    .map(({ startTime, endTime }) => (endTime as Instant) - (startTime as Instant))
    .sort((a, b) => a - b);
  return lengths[Math.floor(lengths.length / 2)] ?? 10 * minute;
}

const isOpen = ({ endTime }: SimulatedDagsterRun) => endTime === null;

/** Runs by job, of jobs that still run. */
function jobsOf(history: readonly SimulatedDagsterRun[], from: Instant): SimulatedDagsterRun[][] {
  const byJob = Map.groupBy(history, ({ jobName }) => jobName);
  return [...byJob.values()].filter((runs) => runs.some((run) => run.creationTime > from - 2 * day));
}

/** @param failing share of runs that fail */
function end(world: DagsterWorld, run: SimulatedDagsterRun, at: Instant, failing = 0): void {
  const status = chance(`${run.runId} ${at}`) < failing ? "FAILURE" : "SUCCESS";
  if (status === "SUCCESS") {
    const made = [...world.materializations].filter(([, { runId }]) => world.runs.get(runId)?.jobName === run.jobName);
    world.at(at - second, () => {
      for (const [id] of made) world.materialize(JSON.parse(id), run);
    });
  }
  world.at(at, () => world.finish(run, status));
}
