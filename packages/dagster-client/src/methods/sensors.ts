import type { CallOptions, List, ListOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import {
  CodeLocationsDocument,
  type InstigationStatus,
  SensorDocument,
  type SensorSelector,
  SensorTicksDocument,
  type SensorType,
  StartSensorDocument,
  StopSensorDocument,
} from "../generated/operations.ts";
import type { Open } from "../open.ts";
import { unwrap } from "../unwrap.ts";
import { definitionsIn, type Placed } from "./definitions.ts";
import { wholeList } from "./lists.ts";
import { type DefinitionRef, locate, placeOf } from "./locate.ts";
import { type Tick, type TicksOptions, ticksOf } from "./ticks.ts";

/** A sensor, and its location. `sensorState.status` says whether it is running. */
export interface Sensor extends Placed {
  readonly name: string;
  readonly sensorType: Open<SensorType>;
  readonly description: string | null;
  /** The jobs that it launches. */
  readonly targets: readonly { readonly pipelineName: string }[] | null;
  /** Its status until somebody starts or stops it. */
  readonly defaultStatus: Open<InstigationStatus>;
  /** The minimum time between two evaluations, in seconds. */
  readonly minIntervalSeconds: number;
  readonly sensorState: {
    /** The same for as long as its name, repository and code location are. */
    readonly selectorId: string;
    readonly status: Open<InstigationStatus>;
  };
}

/** The sensors of all loaded code locations, in one request. */
export function list(
  client: DagsterClient,
  options: Pick<ListOptions, "first"> = {},
  call: CallOptions = {},
): List<Sensor> {
  const read = async () => {
    const { workspace } = await client.request(CodeLocationsDocument, { sensors: true }, call);
    return definitionsIn(unwrap(workspace, "Workspace"), ({ sensors }) => sensors);
  };
  return wholeList(read, options);
}

/** @throws DagsterResultError `SensorNotFoundError`; DagsterError `INVALID_OPTIONS` if there are several */
export async function get(client: DagsterClient, sensor: DefinitionRef, call: CallOptions = {}): Promise<Sensor> {
  const selector = await select(client, sensor, call);
  const { jobOriginId, ...found } = unwrap((await client.request(SensorDocument, { selector }, call)).sensor, "Sensor");
  return { ...found, location: selector.repositoryLocationName, repository: selector.repositoryName };
}

/** Starts a sensor. */
export async function start(client: DagsterClient, sensor: DefinitionRef, call: CallOptions = {}): Promise<void> {
  const selector = await select(client, sensor, call);
  unwrap((await client.request(StartSensorDocument, { selector }, call)).result, "Sensor");
}

/**
 * Stops a sensor; runs that it started continue. If it is being evaluated at that moment, Dagster's daemon may write
 * its old state back: check with `get`.
 */
export async function stop(client: DagsterClient, sensor: DefinitionRef, call: CallOptions = {}): Promise<void> {
  const selector = await select(client, sensor, call);
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
  sensor: DefinitionRef,
  options: TicksOptions = {},
  call: CallOptions = {},
): List<Tick> {
  return ticksOf(options, call, async () => {
    const selector = await select(client, sensor, call);
    return async (variables, call) => {
      const { instigator } = await client.request(SensorTicksDocument, { ...variables, selector }, call);
      return unwrap(instigator, "Sensor").state.ticks;
    };
  });
}

async function select(client: DagsterClient, sensor: DefinitionRef, call: CallOptions): Promise<SensorSelector> {
  const place = placeOf(sensor);
  return { ...(await locate(client, "sensor", place, call)), sensorName: place.name };
}
