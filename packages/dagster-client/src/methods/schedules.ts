import type { CallOptions, List, ListOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import {
  CodeLocationsDocument,
  type InstigationStatus,
  ScheduleDocument,
  type ScheduleSelector,
  ScheduleTicksDocument,
  StartScheduleDocument,
  StopScheduleDocument,
} from "../generated/operations.ts";
import type { Open } from "../open.ts";
import { unwrap } from "../unwrap.ts";
import { definitionsIn, type Placed } from "./definitions.ts";
import { wholeList } from "./lists.ts";
import { type DefinitionRef, locate, placeOf } from "./locate.ts";
import { type Tick, type TicksOptions, ticksOf } from "./ticks.ts";

export { upcoming } from "./upcoming.ts";

/** A schedule, and its location. `scheduleState.status` says whether it is running. */
export interface Schedule extends Placed {
  readonly name: string;
  /** A cron expression; several are written as a list in Python, `"['0 0 * * *', '0 12 * * *']"`. */
  readonly cronSchedule: string;
  /** The job that it launches. */
  readonly pipelineName: string;
  /** The zone of its times; UTC if none is given. */
  readonly executionTimezone: string | null;
  readonly description: string | null;
  /** Its status until somebody starts or stops it. */
  readonly defaultStatus: Open<InstigationStatus>;
  readonly scheduleState: {
    /** The same for as long as its name, repository and code location are. */
    readonly selectorId: string;
    readonly status: Open<InstigationStatus>;
    /** 1 if it is running, otherwise 0. */
    readonly runningCount: number;
  };
}

/** The schedules of all loaded code locations, in one request. */
export function list(
  client: DagsterClient,
  options: Pick<ListOptions, "first"> = {},
  call: CallOptions = {},
): List<Schedule> {
  const read = async () => {
    const { workspace } = await client.request(CodeLocationsDocument, { schedules: true }, call);
    return definitionsIn(unwrap(workspace, "Workspace"), ({ schedules }) => schedules);
  };
  return wholeList(read, options);
}

/** @throws DagsterResultError `ScheduleNotFoundError`; DagsterError `INVALID_OPTIONS` if there are several */
export async function get(client: DagsterClient, schedule: DefinitionRef, call: CallOptions = {}): Promise<Schedule> {
  const selector = await select(client, schedule, call);
  const { id, ...found } = unwrap((await client.request(ScheduleDocument, { selector }, call)).schedule, "Schedule");
  return { ...found, location: selector.repositoryLocationName, repository: selector.repositoryName };
}

/** Starts a schedule. */
export async function start(client: DagsterClient, schedule: DefinitionRef, call: CallOptions = {}): Promise<void> {
  const selector = await select(client, schedule, call);
  unwrap((await client.request(StartScheduleDocument, { selector }, call)).result, "ScheduleStateResult");
}

/** Stops a schedule; runs that it started continue. */
export async function stop(client: DagsterClient, schedule: DefinitionRef, call: CallOptions = {}): Promise<void> {
  const selector = await select(client, schedule, call);
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
  schedule: DefinitionRef,
  options: TicksOptions = {},
  call: CallOptions = {},
): List<Tick> {
  return ticksOf(options, call, async () => {
    const selector = await select(client, schedule, call);
    return async (variables, call) => {
      const { instigator } = await client.request(ScheduleTicksDocument, { ...variables, selector }, call);
      return unwrap(instigator, "Schedule").state.ticks;
    };
  });
}

async function select(client: DagsterClient, schedule: DefinitionRef, call: CallOptions): Promise<ScheduleSelector> {
  const place = placeOf(schedule);
  return { ...(await locate(client, "schedule", place, call)), scheduleName: place.name };
}
