/** The tools for a place, as the command names it. */
import type { InsightsTool } from "@org/insights/tools";
import type { Io } from "../io.ts";
import { askedPlace } from "../report/place.ts";
import { copiedFile } from "../serve/copied-file.ts";
import { syncedTables } from "../sources.ts";

/** What the command was told, and what its second process is. */
export interface Asked {
  /** Pipelines. */
  readonly names: readonly string[];
  readonly at?: string;
  readonly config?: string;
  readonly timezone?: string;
}

/** The tools, and how to be done with them. */
export interface Tools {
  readonly tools: readonly InsightsTool[];
  close(): Promise<void>;
}

/** @throws UsageError */
export async function toolsFor({ names, at, config, timezone }: Asked, io: Io): Promise<Tools> {
  const place = await askedPlace(
    names,
    { ...(at !== undefined && { at }), ...(config !== undefined && { config }) },
    io,
  );
  const copied = place.uncopied && copiedFile(place.uncopied, place.destination);
  const { insightsTools } = await import("@org/insights/tools");
  const tools = insightsTools(copied?.destination ?? place.destination, {
    pipelines: place.pipelines,
    timezone,
    parameters: place.said,
    tables: async () => syncedTables,
  });
  return { tools, close: async () => copied?.close() };
}
