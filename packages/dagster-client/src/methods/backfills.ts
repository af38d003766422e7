import type { CallOptions, List, ListOptions, WaitOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { baseOf } from "../fetch-path.ts";
import {
  BackfillDocument,
  BackfillsDocument,
  type BulkActionStatus,
  CancelBackfillDocument,
  LaunchBackfillDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";
import { type AssetRef, keyOf } from "./asset-key.ts";
import { type Backfill, type BackfillRef, backfillIdOf, ends, type FinishedBackfill } from "./backfill.ts";
import {
  assetPartitionKeys,
  invalid,
  jobPartitionSet,
  keysBetween,
  type PartitionSelection,
} from "./backfill-partitions.ts";
import { checkConfig, type RunConfig } from "./config.ts";
import { pagedList } from "./lists.ts";
import { type DefinitionLocation, type DefinitionRef, locate, placeOf } from "./locate.ts";
import { poll } from "./poll.ts";
import { type Tags, tagsOf } from "./tags.ts";

/** A page of this size is short only at the end: no server or proxy has a smaller maximum. */
const trusted = 100;

/** Which backfills. */
export interface ListBackfillsOptions extends ListOptions {
  /** @default all */
  readonly status?: BulkActionStatus | undefined;
}

/** Backfills, newest first. Their page tokens are ids. The server does not count them: `count` lists them all. */
export function list(
  client: DagsterClient,
  { status, ...part }: ListBackfillsOptions = {},
  call: CallOptions = {},
): List<Backfill> {
  return pagedList<Backfill>(
    {
      what: "Dagster's backfills",
      keyOf: ({ id }) => id,
      async ask({ pageToken, pageSize: limit }) {
        const { backfills } = await client.request(BackfillsDocument, { status, limit, pageToken }, call);
        const items = objectsIn(unwrap(backfills, "PartitionBackfills").results, "backfills");
        const isLast = items.length < limit && limit <= trusted;
        return { items, nextPageToken: (isLast ? undefined : items.at(-1)?.id) ?? null, total: null };
      },
    },
    part,
  );
}

/** @throws DagsterResultError `BackfillNotFoundError` */
export async function get(client: DagsterClient, backfill: BackfillRef, call: CallOptions = {}): Promise<Backfill> {
  const variables = { backfillId: backfillIdOf(backfill) };
  return unwrap((await client.request(BackfillDocument, variables, call)).backfill, "PartitionBackfill");
}

/** The partitions of assets, or of a partitioned job. */
export type LaunchBackfillOptions = LaunchBackfillSettings &
  (
    | { readonly assets: readonly AssetRef[]; readonly job?: undefined }
    | ({ readonly job: DefinitionRef; readonly assets?: undefined } & DefinitionLocation)
  );

/** The partitions, and how to run them. */
export interface LaunchBackfillSettings {
  /** Keys of the partitions, `{ from, to }`, or `"all"` for all existing ones. Assets with two dimensions need keys. */
  readonly partitions: PartitionSelection;
  /** Tags of its runs. @default none */
  readonly tags?: Tags | undefined;
  /** A title for people. @default none */
  readonly title?: string | undefined;
  /** A description for people. @default none */
  readonly description?: string | undefined;
  /** Only the failures of these partitions' last backfill. @default false */
  readonly fromFailure?: boolean | undefined;
  /** Configuration of its runs, supported by 1.13 but not by 1.10. @default none */
  readonly config?: RunConfig | undefined;
}

/**
 * Makes the daemon start runs for partitions, and returns the backfill's id. See `wait`.
 *
 * @throws DagsterResultError: among others `PartitionKeysNotFoundError`, `PipelineNotFoundError`.
 * @throws DagsterError `INVALID_OPTIONS`: the job has no partitions, or several code locations have such a job.
 */
export async function launch(
  client: DagsterClient,
  what: LaunchBackfillOptions,
  call: CallOptions = {},
): Promise<string> {
  const { tags, title, description, fromFailure } = what;
  const config = checkConfig(what.config);
  const params = {
    ...(await targetOf(client, what, call)),
    tags: tags && tagsOf(tags),
    title,
    description,
    fromFailure,
    ...(config && { runConfigData: config }),
  };
  const { launched } = await client.request(LaunchBackfillDocument, { params }, call);
  return unwrap(launched, "LaunchBackfillSuccess").backfillId;
}

async function targetOf(client: DagsterClient, what: LaunchBackfillOptions, call: CallOptions) {
  const { partitions } = what;
  const isRange = partitions !== "all" && "from" in partitions;
  const chosen = (keys: readonly string[]) => {
    if (partitions === "all") return { allPartitions: true };
    return { partitionNames: "from" in partitions ? keysBetween(keys, partitions) : partitions };
  };
  if (what.job === undefined) {
    const [first] = what.assets;
    if (first === undefined) throw invalid("no assets were given");
    const keys = isRange ? await assetPartitionKeys(client, first, call) : [];
    return { assetSelection: what.assets.map(keyOf), ...chosen(keys) };
  }
  const place = placeOf(what.job, { location: what.location, repository: what.repository });
  const repositorySelector = await locate(client, "job", place, call);
  const { name, keys } = await jobPartitionSet(client, place.name, repositorySelector, isRange, call);
  return { selector: { partitionSetName: name, repositorySelector }, ...chosen(keys) };
}

/**
 * Waits until a backfill has ended, and returns it, however it ended. Polls after 1 s, then less and less often, up to
 * every 30 s. Continues after retryable errors.
 *
 * @throws DagsterError `DEADLINE_EXCEEDED` after `deadlineMs`; the signal's reason after an abort.
 */
export function wait(
  client: DagsterClient,
  backfill: BackfillRef,
  options: WaitOptions = {},
  call: CallOptions = {},
): Promise<FinishedBackfill> {
  return poll(client, `backfill ${backfillIdOf(backfill)} to end`, options, call, async (call) => {
    const found = await get(client, backfill, call);
    return ends.has(found.status) ? (found as FinishedBackfill) : undefined;
  });
}

/** Cancels a backfill: no more runs are started, and running ones are asked to stop (see `wait`). */
export async function cancel(client: DagsterClient, backfill: BackfillRef, call: CallOptions = {}): Promise<void> {
  const { cancelled } = await client.request(CancelBackfillDocument, { backfillId: backfillIdOf(backfill) }, call);
  unwrap(cancelled, "CancelBackfillSuccess");
}

/** The page of a backfill in Dagster's UI. */
export function url(client: Pick<DagsterClient, "url">, backfill: BackfillRef): string {
  return `${baseOf(client.url)}/runs/b/${encodeURIComponent(backfillIdOf(backfill))}`;
}
