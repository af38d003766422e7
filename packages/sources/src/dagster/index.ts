import { checkServer, type DagsterClient } from "@org/dagster-client";
import type { Source } from "@org/sync-engine";
import { tablesOf } from "../tables-of.ts";
import { untestedNote } from "../tested-versions.ts";
import { assets } from "./assets.ts";
import { runs } from "./runs.ts";
import { schedules } from "./schedules.ts";
import { sensors } from "./sensors.ts";
import { type DagsterOptions, type DagsterSync, startDagsterSync } from "./shared.ts";

export type { DagsterOptions } from "./shared.ts";
export type { DagsterAsset, DagsterRun, DagsterSchedule, DagsterSensor } from "./stored-rows.ts";
export { assetChecksTable } from "./tables/asset-checks.ts";
export { assetEdgesTable } from "./tables/asset-edges.ts";
export { assetsTable } from "./tables/assets.ts";
export { backfillsTable } from "./tables/backfills.ts";
export { codeLocationsTable } from "./tables/code-locations.ts";
export { concurrencyTable } from "./tables/concurrency.ts";
export { daemonsTable } from "./tables/daemons.ts";
export { materializationsTable } from "./tables/materializations.ts";
export { runsTable } from "./tables/runs.ts";
export { schedulesTable } from "./tables/schedules.ts";
export { sensorsTable } from "./tables/sensors.ts";
export { stepsTable } from "./tables/steps.ts";
export { ticksTable } from "./tables/ticks.ts";

const defaultStreams = [runs, assets, schedules, sensors] as const;
const streams = [...defaultStreams] as const;

/** The tables of all of Dagster's streams: everything that a sync of Dagster can write. */
export const dagsterTables = tablesOf(streams);

/** The tables of the streams that are synced by default. */
export const defaultDagsterTables = tablesOf(defaultStreams);

/**
 * Dagster as a source of the streams `runs`, `assets`, `schedules` and `sensors`, and of further ones that are opt-in.
 *
 * A code location's definitions keep their content while it fails to load, or is loading.
 */
export function dagster(options: DagsterOptions): Source<DagsterSync> {
  const { client } = options;
  return {
    name: "dagster",
    url: addressOf(client),
    streams,
    start: (context) => startDagsterSync(options, context),
    async check({ request }) {
      const { version, lackingRunFields } = await request("the server", (signal) => checkServer(client, { signal }));
      const notes = lackingRunFields.map(
        (field) => `Dagster ${version} does not have ${field} of a run: dagster_runs.${columnOf[field]} stays NULL.`,
      );
      const untested = untestedNote("Dagster", version);
      return { version, notes: [...(untested ? [untested] : []), ...notes] };
    },
  };
}

/** Which column stays NULL if the server's version lacks a field of its runs. */
const columnOf = { creationTime: "creation_time" } as const;

/** Dagster's URL for users: the same whether the client was created with `/graphql` or without. */
function addressOf({ url }: DagsterClient): string {
  return url.replace(/\/graphql$/, "");
}

export type { DagsterClient };
