/** The tools for a place, as the command names it. */
import type { InsightsTool } from "@org/insights/tools";
import type { Io } from "../io.ts";
import { askedPlace } from "../report/place.ts";

/** What the command was told, and what its second process is. */
export interface Asked {
  /** Pipelines. */
  readonly names: readonly string[];
  readonly at?: string;
  readonly config?: string;
  readonly timezone?: string;
}

/** @throws UsageError */
export async function toolsFor({ names, at, config, timezone }: Asked, io: Io): Promise<readonly InsightsTool[]> {
  const place = await askedPlace(
    names,
    { ...(at !== undefined && { at }), ...(config !== undefined && { config }) },
    io,
  );
  const { insightsTools } = await import("@org/insights/tools");
  return insightsTools(place.destination, {
    pipelines: place.pipelines,
    timezone,
    parameters: place.said,
    tables: async () => (await import("../transfer/known-tables.ts")).knownTables,
  });
}
