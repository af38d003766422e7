import { checksOf, eventsOf, furtherRoot, stepsOf } from "./further-resolvers.ts";
import { type AssetDefinition, assetId, type SimulatedDagsterRun, type SimulatedLocation } from "./records.ts";
import { cronText } from "./rows.ts";
import { latestMaterialization, listRuns, type RunsArguments, runDocument } from "./run-resolvers.ts";
import type { DagsterWorld } from "./world.ts";

/** State shared by the resolvers of one request. */
export interface RequestState {
  readonly world: DagsterWorld;
  /** The reported version. */
  readonly version: string;
  /** The maximum number of rows in a list, from a fault. */
  readonly maximum: number;
  /** Set if a resolver returned a PythonError: the response is then a 500, valid data or not. */
  captured: boolean;
}

interface AssetKeyInput {
  readonly path: readonly string[];
}

/** The root of every query: one method per field, as graphql-js's default resolver calls them. */
export function rootOf(state: RequestState): object {
  const { world } = state;
  const python = (className: string, message: string) => {
    state.captured = true;
    return pythonError(className, message);
  };
  const loaded = () => [...world.locations.values()].filter((location) => location.state === "loaded");
  const locate = (id: string) => loaded().find((location) => location.assets.has(id));

  /** An asset as `assetsOrError` shows it, known or not. */
  const asset = (path: readonly string[]) => {
    const id = assetId(path);
    const location = locate(id);
    const latest = world.materializations.get(id);
    const { history, ...events } = eventsOf(world, path);
    return {
      ...events,
      __typename: "Asset",
      id: pythonJson(path),
      key: { path },
      definition: location ? () => assetNode(state, location, location.assets.get(id)!) : null,
      hasDefinitionOrRecord: location !== undefined || latest !== undefined,
      latestMaterializationTimestamp: latest ? latest.at / 1000 : null,
      // All of them of a world with a history, otherwise the latest.
      assetMaterializations: (input: { limit?: number }) =>
        world.further.events.length > 0 ? history(input) : latestMaterialization(world, id)(input),
    };
  };

  const runs = (input: RunsArguments) => {
    const list = listRuns(state, input);
    return {
      __typename: "Runs",
      results: () => list.page().map((run) => ({ ...runDocument(run), stepStats: () => stepsOf(world, run) })),
      count: () => list.count(),
    };
  };

  return {
    ...furtherRoot(world, python),
    version: state.version,
    workspaceOrError: () => ({
      __typename: "Workspace",
      id: "Workspace",
      locationEntries: [...world.locations.values()].map((location) => locationEntry(state, location)),
    }),
    runsOrError: runs,
    pipelineRunsOrError: runs,
    runIdsOrError: (input: RunsArguments) => ({
      __typename: "RunIds",
      results: () =>
        listRuns(state, input)
          .page()
          .map((run: SimulatedDagsterRun) => run.runId),
    }),
    runOrError: ({ runId }: { runId: string }) => {
      const run = world.runs.get(runId);
      if (run) return runDocument(run);
      return { __typename: "RunNotFoundError", runId, message: `Pipeline run ${runId} could not be found.` };
    },
    runTagsOrError: ({ tagKeys }: { tagKeys?: readonly string[] }) => {
      if (tagKeys) throw new Error("The simulator does not know runTagsOrError with tagKeys.");
      const message =
        "TypeError: GrapheneQuery.resolve_runTagsOrError() missing 1 required positional argument: 'tagKeys'\n";
      return python("TypeError", message);
    },
    assetNodes: (input: { assetKeys?: readonly AssetKeyInput[] }) => {
      refuse(input, ["assetKeys", "loadMaterializations"], "assetNodes");
      const wanted = input.assetKeys && new Set(input.assetKeys.map((key) => assetId(key.path)));
      const nodes = loaded().flatMap((location) =>
        [...location.assets].map(([id, definition]) => ({ location, id, definition })),
      );
      return nodes
        .filter(({ id }) => wanted?.has(id) ?? true)
        .sort((a, b) => comparePaths(a.definition.path, b.definition.path))
        .map(({ location, definition }) => assetNode(state, location, definition));
    },
    assetsOrError: (input: {
      prefix?: readonly string[];
      assetKeys?: readonly AssetKeyInput[];
      cursor?: string;
      limit?: number;
    }) => {
      if (input.prefix && input.assetKeys) {
        const message =
          "dagster._core.errors.DagsterInvariantViolationError: Cannot provide both asset_keys and prefix\n";
        return python("DagsterInvariantViolationError", message);
      }
      refuse(input, ["assetKeys", "cursor", "limit"], "assetsOrError");
      if (input.assetKeys) {
        return { __typename: "AssetConnection", nodes: input.assetKeys.map((key) => asset(key.path)), cursor: null };
      }
      const ids = new Set([
        ...loaded().flatMap((location) => [...location.assets.keys()]),
        ...world.materializations.keys(),
      ]);
      const paths = [...ids].map((id) => JSON.parse(id) as string[]).sort(comparePaths);
      const after = input.cursor ? paths.filter((path) => pythonJson(path) > input.cursor!) : paths;
      const page = after.slice(0, Math.min(input.limit || Number.POSITIVE_INFINITY, state.maximum));
      const last = page.at(-1);
      return { __typename: "AssetConnection", nodes: page.map(asset), cursor: last ? pythonJson(last) : null };
    },
    assetOrError: ({ assetKey: { path } }: { assetKey: AssetKeyInput }) => {
      // 1.13 returns an asset for any key.
      const isKnown = locate(assetId(path)) !== undefined || world.materializations.has(assetId(path));
      if (isKnown || !state.version.startsWith("1.7.")) return asset(path);
      return { __typename: "AssetNotFoundError", message: `Asset key ${pythonJson(path)} not found.` };
    },
  };
}

function pythonError(className: string, message: string) {
  return { __typename: "PythonError", className, message, stack: [], cause: null, causes: [], errorChain: [] };
}

/** A list in Python's JSON: with a space after the comma, and only ASCII. */
function pythonJson(path: readonly string[]): string {
  const texts = path.map((part) =>
    JSON.stringify(part).replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
  return `[${texts.join(", ")}]`;
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [a.join("/"), b.join("/")];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Rejects arguments that the real server supports and this one does not. */
function refuse(input: object, known: readonly string[], field: string): void {
  const strange = Object.keys(input).find((name) => !known.includes(name));
  if (strange) throw new Error(`The simulator does not know the argument ${strange} of ${field}.`);
}

/** What no asset of a world has. */
const plainAsset = {
  kinds: [],
  isExecutable: true,
  isPartitioned: false,
  jobNames: [],
  dependedByKeys: [],
  owners: [],
  tags: [],
  metadataEntries: [],
};

function assetNode(state: RequestState, location: SimulatedLocation, definition: AssetDefinition) {
  return {
    __typename: "AssetNode",
    id: `w.${definition.path.join("/")}`,
    assetKey: { path: definition.path },
    description: definition.description ?? null,
    groupName: definition.group ?? "default",
    repository: () => repositoryOf(state, location),
    assetMaterializations: latestMaterialization(state.world, assetId(definition.path)),
    ...plainAsset,
    dependencyKeys: () => upstreamOf(state.world, definition),
    assetChecksOrError: () => checksOf(state.world, definition.path),
  };
}

function upstreamOf(world: DagsterWorld, { path }: AssetDefinition) {
  return (world.further.upstream.get(assetId(path)) ?? []).map((id) => ({ path: JSON.parse(id) as string[] }));
}

function locationEntry(state: RequestState, location: SimulatedLocation) {
  return {
    __typename: "WorkspaceLocationEntry",
    id: location.name,
    name: location.name,
    loadStatus: location.state === "loading" ? "LOADING" : "LOADED",
    updatedTimestamp: location.updatedAt / 1_000_000,
    versionKey: `${location.name}-${location.version}`,
    locationOrLoadError: contentOf(state, location),
  };
}

/** An error here is data: it does not make the response a 500. */
function contentOf(state: RequestState, location: SimulatedLocation) {
  if (location.state === "loading") return null;
  if (location.state === "loaded") return locationDocument(state, location);
  const message =
    "dagster._core.errors.DagsterUserCodeLoadError: Error occurred during the loading of Dagster definitions";
  return pythonError("DagsterUserCodeLoadError", message);
}

function locationDocument(state: RequestState, location: SimulatedLocation): object {
  return {
    __typename: "RepositoryLocation",
    id: location.name,
    name: location.name,
    dagsterLibraryVersions: [{ name: "dagster", version: state.version }],
    repositories: () => [repositoryOf(state, location)],
  };
}

function repositoryOf(state: RequestState, location: SimulatedLocation): object {
  const origin = { repositoryName: location.repository, repositoryLocationName: location.name };
  return {
    __typename: "Repository",
    id: `${location.name}.${location.repository}`,
    name: location.repository,
    location: () => locationDocument(state, location),
    jobs: () =>
      jobNames(state.world, location).map((name) => ({
        id: name,
        name,
        description: null,
        isAssetJob: false,
        tags: [],
      })),
    schedules: location.schedules.map((schedule) => ({
      id: `origin::${schedule.selectorId}`,
      name: schedule.name,
      cronSchedule: cronText(schedule.crons),
      defaultStatus: "STOPPED",
      pipelineName: schedule.jobName,
      mode: "default",
      executionTimezone: schedule.timezone,
      description: schedule.description,
      scheduleState: { ...stateDocument(schedule, "SCHEDULE"), ...origin },
    })),
    sensors: location.sensors.map((sensor) => ({
      id: `origin::${sensor.selectorId}`,
      name: sensor.name,
      sensorType: sensor.type,
      defaultStatus: "STOPPED",
      minIntervalSeconds: 30,
      targets: sensor.jobName === null ? [] : [{ pipelineName: sensor.jobName, mode: "default", solidSelection: null }],
      description: sensor.description,
      sensorState: { ...stateDocument(sensor, "SENSOR"), ...origin },
    })),
  };
}

/** The jobs of a location: those that something in it launches, or that ran. */
function jobNames(world: DagsterWorld, location: SimulatedLocation): readonly string[] {
  const launched = [...location.schedules, ...location.sensors].flatMap(({ jobName }) => jobName ?? []);
  const ran = world.ordered().filter((run) => run.location === location.name);
  return [...new Set([...launched, ...ran.map(({ jobName }) => jobName)])].sort();
}

function stateDocument(one: { selectorId: string; name: string; status: string }, instigationType: string) {
  return {
    id: `origin::${one.selectorId}`,
    selectorId: one.selectorId,
    name: one.name,
    instigationType,
    status: one.status,
    runningCount: one.status === "RUNNING" ? 1 : 0,
  };
}
