import { assetEventRuns, assetEvents } from "./asset-events.ts";
import { assetEdges, assets } from "./assets.ts";
import { backfills } from "./backfills.ts";
import { dagVersions } from "./dag-versions.ts";
import { eventLogs } from "./event-logs.ts";
import { hitl } from "./hitl.ts";
import { health, jobs } from "./jobs.ts";
import { connections, variables } from "./named.ts";
import { taskEdges, tasks } from "./tasks.ts";

/** Opt-in streams. Those of assets come after their events, which say whether there is anything to ask. */
export const furtherStreams = [
  ...[eventLogs, dagVersions, tasks, taskEdges, assetEvents, assetEventRuns, assets, assetEdges],
  ...[jobs, health, backfills, hitl, connections, variables],
] as const;
