import type { PagedList as List } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import {
  CodeLocationsDocument,
  type InstigationStatus,
  ScheduleDocument,
  type ScheduleFragment,
  type ScheduleSelector,
  ScheduleTicksDocument,
  StartScheduleDocument,
  StopScheduleDocument,
} from "../generated/operations.ts";
import { unwrap } from "../unwrap.ts";
import { definitionsIn, type Placed } from "./definitions.ts";
import { type DefinitionLocation, locate } from "./locate.ts";
import { type Tick, type TicksOptions, ticksOf } from "./ticks.ts";

export type { Tick, TicksOptions } from "./ticks.ts";

/** A schedule, and its location. `scheduleState.status` says whether it is running. */
export type Schedule = ScheduleFragment & Placed & { readonly defaultStatus: InstigationStatus };

/** The location of a schedule, and options of the call. */
export interface ScheduleOptions extends DefinitionLocation, DagsterRequestOptions {}

/** The schedules of all loaded code locations. */
export async function list(client: DagsterClient, call: DagsterRequestOptions = {}): Promise<readonly Schedule[]> {
  const { workspace } = await client.request(CodeLocationsDocument, { schedules: true }, call);
  return definitionsIn(unwrap(workspace, "Workspace"), ({ schedules }) => schedules);
}

/** @throws DagsterResultError `ScheduleNotFoundError`; DagsterError `INVALID_OPTIONS` if there are several */
export async function get(client: DagsterClient, name: string, options: ScheduleOptions = {}): Promise<Schedule> {
  const { selector, call } = await select(client, name, options);
  const { id, ...schedule } = unwrap((await client.request(ScheduleDocument, { selector }, call)).schedule, "Schedule");
  return { ...schedule, location: selector.repositoryLocationName, repository: selector.repositoryName };
}

/** Starts a schedule. */
export async function start(client: DagsterClient, name: string, options: ScheduleOptions = {}): Promise<void> {
  const { selector, call } = await select(client, name, options);
  unwrap((await client.request(StartScheduleDocument, { selector }, call)).result, "ScheduleStateResult");
}

/** Stops a schedule; runs that it started continue. */
export async function stop(client: DagsterClient, name: string, options: ScheduleOptions = {}): Promise<void> {
  const { selector, call } = await select(client, name, options);
  const { id, scheduleState } = unwrap(
    (await client.request(ScheduleDocument, { selector }, call)).schedule,
    "Schedule",
  );
  // Newer servers join the two with `::`; all of them split it.
  const variables = { origin: id.split("::")[0]!, selectorId: scheduleState.selectorId };
  unwrap((await client.request(StopScheduleDocument, variables, call)).result, "ScheduleStateResult");
}

/** The evaluations of a schedule, newest first. */
export function ticks(
  client: DagsterClient,
  name: string,
  options: DefinitionLocation & TicksOptions = {},
): List<Tick, readonly Tick[]> {
  return ticksOf(options, async () => {
    const { selector } = await select(client, name, options);
    return async (variables, call) => {
      const { instigator } = await client.request(ScheduleTicksDocument, { ...variables, selector }, call);
      return unwrap(instigator, "Schedule").state.ticks;
    };
  });
}

async function select(
  client: DagsterClient,
  scheduleName: string,
  { signal, timeoutMs, maxResponseBytes, ...place }: ScheduleOptions,
) {
  const call = { signal, timeoutMs, maxResponseBytes };
  const selector: ScheduleSelector = { ...(await locate(client, "schedule", scheduleName, place, call)), scheduleName };
  return { selector, call };
}
