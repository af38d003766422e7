import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterError, DagsterResultError } from "../errors.ts";
import { CodeLocationsDocument, type RepositorySelector } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";

/** Where a job, a schedule or a sensor is defined. */
export interface DefinitionLocation {
  /** Name of the code location. @default the only one that defines the name */
  readonly location?: string | undefined;
  /** Name of the repository in it. @default the only one that defines the name */
  readonly repository?: string | undefined;
}

/**
 * Identifies a job, a schedule or a sensor: its name, which has to be unique unless `location` tells them apart; or
 * what a list returned.
 */
export type DefinitionRef = string | ({ readonly name: string } & DefinitionLocation);

/** The name and the location of a definition, from both places where they may be given. */
export function placeOf(definition: DefinitionRef, options: DefinitionLocation = {}): PlacedName {
  if (typeof definition === "string") return { name: definition, ...options };
  const { name, location, repository } = definition;
  return { name, location: options.location ?? location, repository: options.repository ?? repository };
}

/** A name, and where it is defined as far as that is known. */
interface PlacedName extends DefinitionLocation {
  readonly name: string;
}

/** Kinds of named definitions, with the error for an unknown name. */
const kinds = {
  job: { list: "jobs", typename: "PipelineNotFoundError" },
  schedule: { list: "schedules", typename: "ScheduleNotFoundError" },
  sensor: { list: "sensors", typename: "SensorNotFoundError" },
} as const;

/**
 * Finds the repository that defines a name. If the location is incomplete, it requests what the server has loaded.
 *
 * @throws DagsterResultError: no loaded repository defines it.
 * @throws DagsterError `INVALID_OPTIONS`: there are several.
 */
export async function locate(
  client: DagsterClient,
  kind: keyof typeof kinds,
  { name, location, repository }: PlacedName,
  call: CallOptions,
): Promise<RepositorySelector> {
  if (location !== undefined && repository !== undefined) {
    return { repositoryLocationName: location, repositoryName: repository };
  }
  const { list, typename } = kinds[kind];
  const variables = { schedules: kind === "schedule", sensors: kind === "sensor" };
  const { workspace } = await client.request(CodeLocationsDocument, variables, call);
  const failed: string[] = [];
  const places: RepositorySelector[] = [];
  for (const entry of objectsIn(unwrap(workspace, "Workspace").locationEntries, "code locations")) {
    if (location !== undefined && entry.name !== location) continue;
    const loaded = entry.locationOrLoadError;
    if (loaded?.__typename !== "RepositoryLocation") failed.push(entry.name);
    else {
      for (const found of objectsIn(loaded.repositories, "repositories")) {
        const names = objectsIn(found[list] ?? [], list).map((each) => each.name);
        if (!names.includes(name) || (repository !== undefined && found.name !== repository)) continue;
        places.push({ repositoryLocationName: entry.name, repositoryName: found.name });
      }
    }
  }
  const [place, other] = places;
  if (other !== undefined) {
    const where = places.map((each) => `${each.repositoryName} of ${each.repositoryLocationName}`).join(", ");
    const message = `There is more than one ${kind} ${name}, in ${where}. Say which by \`location\` and \`repository\`.`;
    throw new DagsterError({ code: "INVALID_OPTIONS", message });
  }
  if (place !== undefined) return place;
  const where = location === undefined ? "not in any loaded code location" : `not in code location ${location}`;
  const hint = failed.length === 0 ? "" : ` These are not loaded: ${failed.join(", ")}.`;
  throw new DagsterResultError({ message: `The ${kind} ${name} is ${where}.${hint}`, typename });
}
