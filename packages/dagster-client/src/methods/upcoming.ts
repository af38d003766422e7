import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterResultError } from "../errors.ts";
import { UpcomingTicksDocument } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";
import type { Placed } from "./definitions.ts";
import { type DefinitionRef, placeOf } from "./locate.ts";
import { secondsOf, type TimeOrNumber } from "./time.ts";

/** A moment at which a schedule will be evaluated. */
export interface UpcomingTick extends Placed {
  /** The schedule's name. */
  readonly name: string;
  /** The job that it launches. */
  readonly pipelineName: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** Which moments. */
export interface UpcomingOptions {
  /** Of this schedule, even if it is stopped. @default all that are running */
  readonly schedule?: DefinitionRef | undefined;
  /** The most moments. @default 20 */
  readonly first?: number | undefined;
  /** Only before this time; a number is seconds since 1970. @default any */
  readonly until?: TimeOrNumber | undefined;
}

/**
 * When schedules will be evaluated next, the soonest first, in one request.
 *
 * @throws DagsterResultError `ScheduleNotFoundError`
 */
export async function upcoming(
  client: DagsterClient,
  { schedule, first = 20, until }: UpcomingOptions = {},
  call: CallOptions = {},
): Promise<readonly UpcomingTick[]> {
  const variables = { limit: first, until: secondsOf(until, "until") };
  const { workspace } = await client.request(UpcomingTicksDocument, variables, call);
  const wanted = schedule === undefined ? undefined : placeOf(schedule);
  let isKnown = wanted === undefined;
  const ticks: UpcomingTick[] = [];
  const { locationEntries } = unwrap(workspace, "Workspace");
  for (const { name: location, locationOrLoadError: loaded } of objectsIn(locationEntries, "code locations")) {
    if (loaded?.__typename !== "RepositoryLocation") continue;
    for (const { name: repository, schedules } of objectsIn(loaded.repositories, "repositories")) {
      for (const { name, pipelineName, scheduleState, futureTicks } of objectsIn(schedules, "schedules")) {
        const isWanted = wanted
          ? wanted.name === name &&
            (wanted.location ?? location) === location &&
            (wanted.repository ?? repository) === repository
          : scheduleState.status === "RUNNING";
        if (!isWanted) continue;
        isKnown = true;
        for (const { timestamp } of futureTicks.results) {
          if (timestamp !== null) ticks.push({ name, location, repository, pipelineName, timestamp });
        }
      }
    }
  }
  if (!isKnown) {
    const message = `The schedule ${wanted?.name} is not in any loaded code location.`;
    throw new DagsterResultError({ message, typename: "ScheduleNotFoundError" });
  }
  return ticks.sort((a, b) => a.timestamp - b.timestamp).slice(0, first);
}
