/** The code locations' definitions, from a single response. */
import { type RunStatus, unwrap } from "@org/dagster-client";
import {
  type DefinedAsset,
  type DefinedSchedule,
  type DefinedSensor,
  type DefinitionsAnswer,
  lackingFields,
  lackingRunFields,
  type OptionalField,
} from "@org/dagster-client/sync";
import { SyncError } from "@org/sync-engine";

/** The code location and repository of a definition. */
export interface DefinitionLocation {
  readonly repository: string;
  readonly code_location: string;
}

/** The server's version: another one may have other fields, and interpret times differently. */
export type ServerVersion = {
  readonly version: string;
  /** Fields of a run that it lacks. */
  readonly lacks: readonly string[];
};

/** Which code locations' definitions are known now. */
export interface Locations {
  /** Loaded code locations: all that they define is known. */
  readonly loaded: readonly string[];
  /** Code locations that fail to load, or are loading, with the reason: their definitions are unknown now. */
  readonly unavailable: ReadonlyMap<string, string>;
}

export interface Definitions extends Locations {
  readonly server: ServerVersion;
  /** Fields besides those of a run that it lacks. */
  readonly lackingFields: readonly OptionalField[];
  /** All run statuses of this server's version, also those that the client does not know. */
  readonly statuses: readonly RunStatus[];
  readonly schedules: readonly { readonly schedule: DefinedSchedule; readonly location: DefinitionLocation }[];
  readonly sensors: readonly { readonly sensor: DefinedSensor; readonly location: DefinitionLocation }[];
  readonly assetNodes: readonly DefinedAsset[];
  /** The paths of all assets, including those known only by their events. */
  readonly assetPaths: readonly (readonly string[])[];
}

/**
 * Whether a code location's definitions are known now, so that missing ones are deleted: it is loaded, or no longer
 * part of the workspace. If no location is loaded, nothing is known of any: a workspace without code says more about
 * how the server was started than about deletions.
 */
export function isKnown({ loaded, unavailable }: Locations, location: string): boolean {
  return loaded.length > 0 && !unavailable.has(location);
}

/**
 * @param where the response, for messages
 * @throws DagsterResultError if the server failed on a part of it.
 */
export function readDefinitions(data: DefinitionsAnswer, where: string): Definitions {
  const { locationEntries } = unwrap(data.workspace, "Workspace");
  const { loaded, unavailable } = locationsOf(locationEntries);
  const repositories = locationEntries.flatMap(({ name, locationOrLoadError: location }) =>
    location?.__typename === "RepositoryLocation" && !unavailable.has(name)
      ? location.repositories.map((each) => ({ ...each, location: { repository: each.name, code_location: name } }))
      : [],
  );
  const statuses = data.statuses?.enumValues?.map(({ name }) => name as RunStatus) ?? [];
  if (statuses.length === 0) {
    throw new SyncError("UNEXPECTED_ANSWER", `${where} does not list the statuses of a run: is this Dagster?`);
  }
  return {
    server: { version: data.version, lacks: lackingRunFields(data.run) },
    lackingFields: lackingFields(data),
    statuses,
    loaded,
    unavailable,
    schedules: repositories.flatMap(({ schedules, location }) => schedules.map((schedule) => ({ schedule, location }))),
    sensors: repositories.flatMap(({ sensors, location }) => sensors.map((sensor) => ({ sensor, location }))),
    assetNodes: data.assetNodes,
    assetPaths: unwrap(data.assetKeys, "AssetConnection").nodes.map(({ key }) => key.path),
  };
}

/** Which of the workspace's code locations are loaded, and why the others are not. */
export function locationsOf(entries: readonly LocationEntry[]): Locations {
  const unavailable = new Map<string, string>();
  for (const { name, loadStatus, locationOrLoadError: location } of entries) {
    if (loadStatus === "LOADED" && location?.__typename === "RepositoryLocation") continue;
    unavailable.set(name, location?.message === undefined ? "it is loading" : briefly(location.message));
  }
  return { loaded: entries.map(({ name }) => name).filter((name) => !unavailable.has(name)), unavailable };
}

interface LocationEntry {
  readonly name: string;
  readonly loadStatus: string;
  readonly locationOrLoadError: { readonly __typename: string; readonly message?: string } | null;
}

/** The server's message on one line, without a stack trace. */
function briefly(message: string): string {
  const [text = ""] = message.split(/\n\s*(?:Stack Trace:|Traceback )/, 1);
  return text.replace(/\s+/g, " ").trim().slice(0, 300) || "it does not say why";
}
