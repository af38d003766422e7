/** The tools for a destination, as named on the command line. */
import type { InsightsTool } from "@org/insights/tools";
import type { Io } from "../io.ts";
import { reportTarget } from "../report/place.ts";
import { copiedFile } from "../serve/copied-file.ts";
import { syncedTables } from "../sources.ts";

/** The command's arguments, also for its second process. */
export interface Asked {
  /** Pipelines. */
  readonly names: readonly string[];
  readonly at?: string;
  readonly config?: string;
  readonly timezone?: string;
}

/** The tools, and how to close them. */
export interface Tools {
  readonly tools: readonly InsightsTool[];
  close(): Promise<void>;
}

/** @throws UsageError */
export async function toolsFor({ names, at, config, timezone }: Asked, io: Io): Promise<Tools> {
  const place = await reportTarget(
    names,
    { ...(at !== undefined && { at }), ...(config !== undefined && { config }) },
    io,
  );
  const copied = place.uncopied && copiedFile(place.uncopied, place.destination);
  const { insightsTools } = await import("@org/insights/tools");
  const tools = insightsTools(copied?.destination ?? place.destination, {
    pipelines: place.pipelines,
    timezone,
    parameters: place.configured,
    tables: async () => syncedTables,
  });
  return { tools, close: async () => copied?.close() };
}
