import { checkServer, type DagsterClient } from "@org/dagster-client";
import type { Source } from "@org/sync-engine";
import type { Stream } from "@org/sync-engine/source";
import { tablesOf } from "../tables-of.ts";
import { untestedNote } from "../tested-versions.ts";
import { assets } from "./assets.ts";
import { assetChecks } from "./further/asset-checks.ts";
import { assetEdges } from "./further/asset-edges.ts";
import { backfills } from "./further/backfills.ts";
import { codeLocations } from "./further/code-locations.ts";
import { concurrency } from "./further/concurrency.ts";
import { daemons } from "./further/daemons.ts";
import { materializations } from "./further/materializations.ts";
import { steps } from "./further/steps.ts";
import { ticks } from "./further/ticks.ts";
import { optional } from "./further/unavailable.ts";
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
const streams = [
  ...defaultStreams,
  ticks,
  materializations,
  steps,
  assetChecks,
  codeLocations,
  daemons,
  backfills,
  assetEdges,
  concurrency,
] as const;

const offered: readonly Stream<DagsterSync>[] = streams.map((each) => ("isOptIn" in each ? optional(each) : each));

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
    streams: offered,
    limitsHistory: true,
    start: (context) => startDagsterSync(options, context),
    async check({ request, streams: chosen }) {
      const found = await request("the server", (signal) => checkServer(client, { signal }));
      const { version, lackingRunFields, lackingFields } = found;
      const notes = [...lackingRunFields, ...lackingFields]
        .map((field) => lacks[field])
        .filter(({ stream }) => chosen?.has(stream) ?? true)
        .map(({ what, so }) => `Dagster ${version} does not have ${what}: ${so}.`);
      const untested = untestedNote("Dagster", version);
      return { version, notes: [...(untested ? [untested] : []), ...notes] };
    },
  };
}

/** What follows for a stream if the server's version lacks a field. */
const lacks = {
  creationTime: { stream: "runs", what: "creationTime of a run", so: "dagster_runs.creation_time stays NULL" },
  kinds: { stream: "asset_edges", what: "kinds of an asset", so: "dagster_asset_edges.kinds stays NULL" },
  assetEventHistory: {
    stream: "materializations",
    what: "a history of an asset's events",
    so: "dagster_materializations lacks failed ones",
  },
  latestEventSortKey: {
    stream: "materializations",
    what: "the number of an asset's latest event",
    so: "dagster_materializations lacks an event whose time is long past when it is reported",
  },
  versionKey: {
    stream: "code_locations",
    what: "versionKey of a code location",
    so: "dagster_code_locations.version_key stays NULL",
  },
  partition: {
    stream: "asset_checks",
    what: "partition of a check's execution",
    so: "dagster_asset_checks.partition stays NULL",
  },
} as const;

/** Dagster's URL for users: the same whether the client was created with `/graphql` or without. */
function addressOf({ url }: DagsterClient): string {
  return url.replace(/\/graphql$/, "");
}

export type { DagsterClient };
