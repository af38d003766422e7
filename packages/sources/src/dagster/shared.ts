/** Shared by the streams of one sync: the server's definitions as of one moment, requested once. */
import { type DagsterClient, DagsterResponseError } from "@org/dagster-client";
import type { OverviewAnswer } from "@org/dagster-client/sync";
import type { Keeps, Position, SourceContext } from "@org/sync-engine/source";
import { reportUntested } from "../tested-versions.ts";
import { type DagsterApi, dagsterApi } from "./api.ts";
import type { Definitions } from "./definitions.ts";
import { type FurtherApi, furtherApi } from "./further/api.ts";

export interface DagsterOptions {
  readonly client: DagsterClient;
  /**
   * How far each sync looks back behind the last one, in ms: a change may become visible long after the time in its
   * row.
   * @default 600000
   */
  readonly overlapMs?: number | undefined;
  /** Runs per request. @default 1000 */
  readonly pageSize?: number | undefined;
}

/** The server before a sync read any run. */
export interface Before {
  readonly position: Position;
  readonly definitions: Definitions;
}

export interface DagsterSync {
  readonly api: DagsterApi;
  readonly overlapMs: number;
  /** The same for all streams of a sync: requested once. */
  before(): Promise<Before>;
  /** What only the further streams request. */
  readonly further: FurtherApi;
  /**
   * What a stream needs of the overview. All streams' parts are requested at once; if the server fails on one of them,
   * each by itself.
   *
   * @param streams all that are synced
   */
  overview(stream: string, streams: ReadonlySet<string>): Promise<OverviewAnswer>;
  /** Set once the table holds all runs in progress as of this sync's start. */
  areRunsStored: boolean;
}

const LOCATION_NOT_LOADED = "LOCATION_NOT_LOADED";

/** Rows of code locations' definitions stay while their location is not loaded: the server does not know them then. */
export const keptWhileUnloaded = [
  { why: "unloaded", part: "code_location", notice: LOCATION_NOT_LOADED },
] as const satisfies readonly Keeps[];

export function startDagsterSync(options: DagsterOptions, context: SourceContext): DagsterSync {
  const { client, overlapMs = 600_000, pageSize = 1000 } = options;
  const api = dagsterApi(client, context, pageSize);
  const ask = async (): Promise<Before> => {
    const definitions = await api.definitions();
    const position = api.position();
    reportUntested("Dagster", definitions.server.version, context);
    for (const [location, reason] of definitions.unavailable) {
      const message = `Code location ${location} is not loaded: ${reason}. Its assets, schedules and sensors stay as last read.`;
      context.emit({ type: "notice", code: LOCATION_NOT_LOADED, message });
    }
    if (definitions.loaded.length === 0) {
      const message =
        "None of Dagster's code locations is loaded, so no assets, schedules and sensors are marked as deleted.";
      context.emit({ type: "notice", code: "NO_LOCATION_LOADED", message });
    }
    return { position, definitions };
  };
  let asked: Promise<Before> | undefined;
  const before = () => {
    // A failure is shared too: it was retried long enough.
    asked ??= ask();
    return asked;
  };
  const further = furtherApi(client, api, async () => (await before()).definitions.lackingFields, context);
  let overview: Promise<OverviewAnswer> | undefined;
  const overviewOf = async (stream: string, streams: ReadonlySet<string>) => {
    overview ??= further.overview(streams);
    try {
      return await overview;
    } catch (error) {
      // One part that the server cannot answer must not take the others along.
      if (!(error instanceof DagsterResponseError) || error.errors.length === 0) throw error;
      return further.overview(new Set([stream]));
    }
  };
  return { api, overlapMs, before, further, overview: overviewOf, areRunsStored: false };
}
