/** The code locations' definitions, from a single response. */
import { type RunStatus, unwrap } from "@org/dagster-client";
import {
  type DefinedAsset,
  type DefinedSchedule,
  type DefinedSensor,
  type DefinitionsAnswer,
  lackingRunFields,
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

export interface Definitions {
  readonly server: ServerVersion;
  /** All run statuses of this server's version, also those that the client does not know. */
  readonly statuses: readonly RunStatus[];
  /** Loaded code locations. `schedules` and `sensors` are all that they define. */
  readonly loaded: readonly string[];
  /** Code locations that fail to load, or are loading, with the reason: their definitions are unknown now. */
  readonly unavailable: ReadonlyMap<string, string>;
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
export function isKnown({ loaded, unavailable }: Definitions, location: string): boolean {
  return loaded.length > 0 && !unavailable.has(location);
}

/**
 * @param where the response, for messages
 * @throws DagsterResultError if the server failed on a part of it.
 */
export function readDefinitions(data: DefinitionsAnswer, where: string): Definitions {
  const { locationEntries } = unwrap(data.workspace, "Workspace");
  const unavailable = new Map<string, string>();
  const repositories = locationEntries.flatMap(({ name, loadStatus, locationOrLoadError: location }) => {
    if (loadStatus === "LOADED" && location?.__typename === "RepositoryLocation") {
      return location.repositories.map((each) => ({
        ...each,
        location: { repository: each.name, code_location: name },
      }));
    }
    unavailable.set(name, location?.__typename === "PythonError" ? briefly(location.message) : "it is loading");
    return [];
  });
  const statuses = data.statuses?.enumValues?.map(({ name }) => name as RunStatus) ?? [];
  if (statuses.length === 0) {
    throw new SyncError("UNEXPECTED_ANSWER", `${where} does not list the statuses of a run: is this Dagster?`);
  }
  return {
    server: { version: data.version, lacks: lackingRunFields(data.run) },
    statuses,
    loaded: locationEntries.map(({ name }) => name).filter((name) => !unavailable.has(name)),
    unavailable,
    schedules: repositories.flatMap(({ schedules, location }) => schedules.map((schedule) => ({ schedule, location }))),
    sensors: repositories.flatMap(({ sensors, location }) => sensors.map((sensor) => ({ sensor, location }))),
    assetNodes: data.assetNodes,
    assetPaths: unwrap(data.assetKeys, "AssetConnection").nodes.map(({ key }) => key.path),
  };
}

/** The server's message on one line, without a stack trace. */
function briefly(message: string): string {
  const [text = ""] = message.split(/\n\s*(?:Stack Trace:|Traceback )/, 1);
  return text.replace(/\s+/g, " ").trim().slice(0, 300) || "it does not say why";
}
