import type { PagedList as List } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import {
  CodeLocationsDocument,
  type InstigationStatus,
  SensorDocument,
  type SensorFragment,
  type SensorSelector,
  SensorTicksDocument,
  StartSensorDocument,
  StopSensorDocument,
} from "../generated/operations.ts";
import { unwrap } from "../unwrap.ts";
import { definitionsIn, type Placed } from "./definitions.ts";
import { type DefinitionLocation, locate } from "./locate.ts";
import { type Tick, type TicksOptions, ticksOf } from "./ticks.ts";

export type { Tick, TicksOptions } from "./ticks.ts";

/** A sensor, and its location. `sensorState.status` says whether it is running. */
export type Sensor = SensorFragment &
  Placed & {
    readonly defaultStatus: InstigationStatus;
    /** The minimum time between two evaluations, in seconds. */
    readonly minIntervalSeconds: number;
  };

/** The location of a sensor, and options of the call. */
export interface SensorOptions extends DefinitionLocation, DagsterRequestOptions {}

/** The sensors of all loaded code locations. */
export async function list(client: DagsterClient, call: DagsterRequestOptions = {}): Promise<readonly Sensor[]> {
  const { workspace } = await client.request(CodeLocationsDocument, { sensors: true }, call);
  return definitionsIn(unwrap(workspace, "Workspace"), ({ sensors }) => sensors);
}

/** @throws DagsterResultError `SensorNotFoundError`; DagsterError `INVALID_OPTIONS` if there are several */
export async function get(client: DagsterClient, name: string, options: SensorOptions = {}): Promise<Sensor> {
  const { selector, call } = await select(client, name, options);
  const { jobOriginId, ...sensor } = unwrap(
    (await client.request(SensorDocument, { selector }, call)).sensor,
    "Sensor",
  );
  return { ...sensor, location: selector.repositoryLocationName, repository: selector.repositoryName };
}

/** Starts a sensor. */
export async function start(client: DagsterClient, name: string, options: SensorOptions = {}): Promise<void> {
  const { selector, call } = await select(client, name, options);
  unwrap((await client.request(StartSensorDocument, { selector }, call)).result, "Sensor");
}

/**
 * Stops a sensor; runs that it started continue. If it is being evaluated at that moment, Dagster's daemon may write
 * its old state back: check with `get`.
 */
export async function stop(client: DagsterClient, name: string, options: SensorOptions = {}): Promise<void> {
  const { selector, call } = await select(client, name, options);
  const { jobOriginId: origin, sensorState } = unwrap(
    (await client.request(SensorDocument, { selector }, call)).sensor,
    "Sensor",
  );
  const variables = { origin, selectorId: sensorState.selectorId };
  unwrap((await client.request(StopSensorDocument, variables, call)).result, "StopSensorMutationResult");
}

/** The evaluations of a sensor, newest first. */
export function ticks(
  client: DagsterClient,
  name: string,
  options: DefinitionLocation & TicksOptions = {},
): List<Tick, readonly Tick[]> {
  return ticksOf(options, async () => {
    const { selector } = await select(client, name, options);
    return async (variables, call) => {
      const { instigator } = await client.request(SensorTicksDocument, { ...variables, selector }, call);
      return unwrap(instigator, "Sensor").state.ticks;
    };
  });
}

async function select(
  client: DagsterClient,
  sensorName: string,
  { signal, timeoutMs, maxResponseBytes, ...place }: SensorOptions,
) {
  const call = { signal, timeoutMs, maxResponseBytes };
  const selector: SensorSelector = { ...(await locate(client, "sensor", sensorName, place, call)), sensorName };
  return { selector, call };
}
