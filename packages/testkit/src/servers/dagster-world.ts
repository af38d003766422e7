import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DagsterLocation, DagsterServer } from "./dagster.ts";

const script = (name: string) => fileURLToPath(new URL(`dagster/${name}.py`, import.meta.url));

/** Counts of what {@link seedDagster} wrote. */
export interface DagsterSeed {
  runs: number;
  /** Runs by status: all that this version has. */
  statuses: Record<string, number>;
  /** Materializations reported, of defined and of unknown assets. */
  materializations: number;
  /** Assets known only by their materializations. */
  unknown_assets: number;
  seconds: number;
}

/** Counts of what one {@link mutateDagster} changed. */
export interface DagsterMutation {
  /** Runs created. */
  new: number;
  /** Runs ended. One old and one new run ended by an event that is two hours old. */
  finished: number;
  /** New runs that are still running. */
  started: number;
  /** Finished runs that were tagged. */
  tagged: number;
  /** Assets materialized. Two of them are new. */
  materialized: number;
  /** Schedules and sensors started or stopped. */
  switched: number;
}

/**
 * Fills a server: runs of both locations and of none, in every status, old and new, with equal and missing times, awkward
 * tags, re-executions and sensors' runs; materializations in and outside runs, of defined and unknown assets.
 *
 * @param options.seed The same seed gives the same runs, at times relative to now. Default: 1.
 * @param options.runs Default: 2,000. At least 600, so that there is one of everything.
 */
export async function seedDagster(
  server: DagsterServer,
  options: { seed?: number; runs?: number } = {},
): Promise<DagsterSeed> {
  const { seed = 1, runs = 2000 } = options;
  return await server.python(script("seed"), { seed, runs, timezone: server.database.timezone });
}

/**
 * Changes a seeded server as a day of use would, through Dagster's own code: new and finished runs, later tags, new
 * materializations, a schedule and a sensor turned on, and another off.
 *
 * @param round From 1. What an odd round turns on, the next one turns off.
 */
export async function mutateDagster(server: DagsterServer, round: number): Promise<DagsterMutation> {
  const counts = await server.python<Omit<DagsterMutation, "switched">>(script("mutate"), { seed: 1, round });
  const odd = round % 2 === 1;
  await switchSchedule(server, "nightly", !odd);
  await switchSchedule(server, "hourly", odd);
  await switchSensor(server, "without_job", odd);
  return { ...counts, switched: 3 };
}

/** Where the original file of a broken code location is kept, for the truth to read. */
const whole = (file: string) => `${file}.whole`;

/** Makes a code location fail to load, like a broken deployment. Its definitions disappear from the API. */
export async function breakLocation(server: DagsterServer, name: DagsterLocation): Promise<void> {
  const file = join(server.home, "definitions", `${name}.py`);
  await rename(file, whole(file));
  await writeFile(file, 'raise RuntimeError("broken on purpose")\n');
  await server.reloadLocation(name);
}

/** Whether the location is broken: see {@link breakLocation}. */
export function isLocationBroken(server: DagsterServer, name: DagsterLocation): boolean {
  return existsSync(whole(join(server.home, "definitions", `${name}.py`)));
}

/** Undoes {@link breakLocation}. */
export async function repairLocation(server: DagsterServer, name: DagsterLocation): Promise<void> {
  const file = join(server.home, "definitions", `${name}.py`);
  await rename(whole(file), file);
  await server.reloadLocation(name);
}

const selector = { repositoryLocationName: "a", repositoryName: "__repository__" };
const failure = "__typename ... on PythonError { message } ... on UnauthorizedError { message }";

type Result = { __typename: string; message?: string; id?: string; state?: { selectorId: string } };

function expectType(result: Result, type: string): Result {
  if (result.__typename !== type) throw new Error(`Dagster returned ${result.__typename}: ${result.message ?? ""}`);
  return result;
}

/** Stops it in every version. Before 1.8 there was no other way, and its `id` was only the origin's. */
function idsOf({ id, state }: Result) {
  return { origin: id?.split("::")[0], selector: state?.selectorId };
}

/** Starts or stops a schedule of location a, as a user does. */
export async function switchSchedule(server: DagsterServer, scheduleName: string, on: boolean): Promise<void> {
  const where = { ...selector, scheduleName };
  if (on) {
    const document = `mutation($where: ScheduleSelector!) { result: startSchedule(scheduleSelector: $where) { ${failure} } }`;
    const { result } = await server.query<{ result: Result }>(document, { where });
    expectType(result, "ScheduleStateResult");
    return;
  }
  const find = `query($where: ScheduleSelector!) {
    result: scheduleOrError(scheduleSelector: $where) {
      __typename ... on Schedule { id state: scheduleState { selectorId } } } }`;
  const found = await server.query<{ result: Result }>(find, { where });
  const document = `mutation($origin: String!, $selector: String!) {
    result: stopRunningSchedule(scheduleOriginId: $origin, scheduleSelectorId: $selector) { ${failure} } }`;
  const { result } = await server.query<{ result: Result }>(document, idsOf(expectType(found.result, "Schedule")));
  expectType(result, "ScheduleStateResult");
}

/** Starts or stops a sensor of location a. */
export async function switchSensor(server: DagsterServer, sensorName: string, on: boolean): Promise<void> {
  const where = { ...selector, sensorName };
  if (on) {
    const document = `mutation($where: SensorSelector!) { result: startSensor(sensorSelector: $where) { ${failure} } }`;
    const { result } = await server.query<{ result: Result }>(document, { where });
    expectType(result, "Sensor");
    return;
  }
  const find = `query($where: SensorSelector!) {
    result: sensorOrError(sensorSelector: $where) { __typename ... on Sensor { id state: sensorState { selectorId } } } }`;
  const found = await server.query<{ result: Result }>(find, { where });
  const document = `mutation($origin: String!, $selector: String!) {
    result: stopSensor(jobOriginId: $origin, jobSelectorId: $selector) { ${failure} } }`;
  const { result } = await server.query<{ result: Result }>(document, idsOf(expectType(found.result, "Sensor")));
  expectType(result, "StopSensorMutationResult");
}
