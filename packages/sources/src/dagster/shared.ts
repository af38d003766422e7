/** What the streams of one sync share: the server's definitions as of one moment, asked for once. */
import type { DagsterClient } from "@org/dagster-client";
import type { Position, SourceContext } from "@org/sync-engine";
import { once } from "../once.ts";
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
  before(): Promise<Before>;
}

export function startDagsterSync(options: DagsterOptions, context: SourceContext): DagsterSync {
  const { client, overlapMs = 600_000, pageSize = 1000 } = options;
  const api = dagsterApi(client, context, pageSize);
  const before = once(async (): Promise<Before> => {
    const definitions = await api.definitions();
    const position = { server: api.clock(context.now), local: context.now() };
    for (const [location, reason] of definitions.unavailable) {
      const message = `Code location ${location} is not loaded: ${reason}. Its assets, schedules and sensors keep what was last read of them.`;
      context.emit({ type: "notice", code: "LOCATION_NOT_LOADED", message });
    }
    return { position, definitions };
  });
  return { api, overlapMs, before };
}
