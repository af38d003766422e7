import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import {
  AssetPartitionsDocument,
  type DefaultPartitionsFragment,
  type TimePartitionsFragment,
} from "../generated/operations.ts";
import { unwrap } from "../unwrap.ts";
import { type AssetRef, keyOf } from "./asset-key.ts";

/** How far a partition is. */
export type PartitionState = "materialized" | "failed" | "materializing" | "missing";

/** A partition of an asset. */
export interface AssetPartition {
  /** Accepted by other methods as `partition` and in `partitions`; for two dimensions, `"2026-11-21|europe"`. */
  readonly key: string;
  readonly status: PartitionState;
}

type Statuses =
  | ({ readonly __typename: "DefaultPartitionStatuses" } & DefaultPartitionsFragment)
  | ({ readonly __typename: "TimePartitionStatuses" } & TimePartitionsFragment);

/**
 * An asset's partitions in order, each with its status; empty if it has none.
 *
 * @throws DagsterResultError `AssetNotFoundError`: no loaded code location defines it
 */
export async function partitions(
  client: DagsterClient,
  asset: AssetRef,
  call: CallOptions = {},
): Promise<readonly AssetPartition[]> {
  const { node } = await client.request(AssetPartitionsDocument, { key: keyOf(asset) }, call);
  const { isPartitioned, dimensions, statuses } = unwrap(node, "AssetNode");
  if (!isPartitioned) return [];
  const [first = noKeys, second] = dimensions;
  if (statuses.__typename !== "MultiPartitionStatuses") {
    const statusOf = statusesBy(statuses, first.partitionKeys);
    return first.partitionKeys.map((key) => ({ key, status: statusOf(key) }));
  }
  // Dimensions are listed in the order in which their keys are joined; statuses are ranges of one of them.
  const secondKeys = second?.partitionKeys ?? [];
  const isFirstPrimary = statuses.primaryDimensionName === first.name;
  const [primaryKeys, otherKeys] = isFirstPrimary
    ? [first.partitionKeys, secondKeys]
    : [secondKeys, first.partitionKeys];
  const byPrimary = new Map<string, (key: string) => PartitionState>();
  for (const { primaryDimStartKey, primaryDimEndKey, secondaryDim } of statuses.ranges) {
    const statusOf = statusesBy(secondaryDim, otherKeys);
    for (const key of between(primaryKeys, primaryDimStartKey, primaryDimEndKey)) byPrimary.set(key, statusOf);
  }
  return first.partitionKeys.flatMap((one) =>
    secondKeys.map((two) => {
      const [primary, other] = isFirstPrimary ? [one, two] : [two, one];
      return { key: `${one}|${two}`, status: byPrimary.get(primary)?.(other) ?? "missing" };
    }),
  );
}

const noKeys = { name: "", partitionKeys: [] as readonly string[] };

/** The status of each partition of one dimension. */
function statusesBy(statuses: Statuses, keys: readonly string[]): (key: string) => PartitionState {
  const found = new Map<string, PartitionState>();
  if (statuses.__typename === "DefaultPartitionStatuses") {
    for (const key of statuses.materializedPartitions) found.set(key, "materialized");
    for (const key of statuses.failedPartitions) found.set(key, "failed");
    for (const key of statuses.materializingPartitions) found.set(key, "materializing");
  } else {
    for (const { status, startKey, endKey } of statuses.ranges) {
      for (const key of between(keys, startKey, endKey)) found.set(key, status.toLowerCase() as PartitionState);
    }
  }
  return (key) => found.get(key) ?? "missing";
}

const between = (keys: readonly string[], start: string, end: string) =>
  keys.slice(keys.indexOf(start), keys.indexOf(end) + 1);
