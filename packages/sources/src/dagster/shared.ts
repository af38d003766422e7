/** What the streams of one sync share: the server's definitions as of one moment, asked for once. */
import type { DagsterClient } from "@org/dagster-client";
import type { Keeps, Position, SourceContext } from "@org/sync-engine/source";
import { reportUntested } from "../tested-versions.ts";
import { type DagsterApi, dagsterApi } from "./api.ts";
import type { Definitions } from "./definitions.ts";

export interface DagsterOptions {
  readonly client: DagsterClient;
  /**
   * How far each sync looks back behind the last one, in ms: a change may become visible long after the time that it
   * wrote into its row.
   * @default 600000
   */
  readonly overlapMs?: number;
  /** Runs asked for at once. @default 1000 */
  readonly pageSize?: number;
}

/** The server before a sync read any run. */
export interface Before {
  readonly position: Position;
  readonly definitions: Definitions;
}

export interface DagsterSync {
  readonly api: DagsterApi;
  readonly overlapMs: number;
  /** The same for all streams of a sync: asked once. */
  before(): Promise<Before>;
  /** Set once the table holds all runs in progress as they were when this sync began. */
  areRunsStored: boolean;
}

const LOCATION_NOT_LOADED = "LOCATION_NOT_LOADED";

/** Of what code locations define, rows stay while theirs is not loaded: the server cannot say what it has. */
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
    // Also one failure, which has been waited for long enough by then.
    asked ??= ask();
    return asked;
  };
  return { api, overlapMs, before, areRunsStored: false };
}
