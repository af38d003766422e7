/** What the code locations define, out of the answer that has it all. */
import {
  type DagsterAssetNode,
  type DagsterDefinitions,
  type DagsterSchedule,
  type DagsterSensor,
  lackingRunFields,
  unwrap,
} from "@org/dagster-client";
import { SyncError } from "@org/sync-engine";

/** Where something is defined. */
export interface DefinitionLocation {
  readonly repository: string;
  readonly code_location: string;
}

/** Whose answers these are: another version may show other fields, and take times in another way. */
export type ServerVersion = {
  readonly version: string;
  /** Fields of a run that it does not have. */
  readonly lacks: readonly string[];
};

export interface Definitions {
  readonly server: ServerVersion;
  /** All run statuses that this version of the server has. */
  readonly statuses: readonly string[];
  /** Code locations that are loaded. `schedules` and `sensors` are all that they define. */
  readonly loaded: readonly string[];
  /** Code locations that fail to load, or are loading, with the reason: what they define is not known now. */
  readonly unavailable: ReadonlyMap<string, string>;
  readonly schedules: readonly { readonly schedule: DagsterSchedule; readonly location: DefinitionLocation }[];
  readonly sensors: readonly { readonly sensor: DagsterSensor; readonly location: DefinitionLocation }[];
  readonly assetNodes: readonly DagsterAssetNode[];
  /** The paths of all assets, those among them that are known by their events only. */
  readonly assetPaths: readonly (readonly string[])[];
}

/**
 * Whether what a code location defines is known now, so that what is missing of it is gone: it is loaded, or no longer
 * part of the workspace. Where none is loaded, nothing is known of any: a workspace without code says more about how
 * the server was started than about what was deleted.
 */
export function isKnown({ loaded, unavailable }: Definitions, location: string): boolean {
  return loaded.length > 0 && !unavailable.has(location);
}

/**
 * @param where the answer, for messages
 * @throws DagsterResultError: the server failed on a part of it.
 */
export function readDefinitions(data: DagsterDefinitions, where: string): Definitions {
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
  const statuses = data.statuses?.enumValues?.map(({ name }) => name) ?? [];
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

/** What went wrong, on one line: the server's message without the stack trace that may follow. */
function briefly(message: string): string {
  const [text = ""] = message.split(/\n\s*(?:Stack Trace:|Traceback )/, 1);
  return text.replace(/\s+/g, " ").trim().slice(0, 300) || "it does not say why";
}
