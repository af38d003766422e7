import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterError } from "../errors.ts";
import { AssetPartitionsDocument, type RepositorySelector } from "../generated/operations.ts";
import { unwrap } from "../unwrap.ts";
import { type AssetRef, keyOf } from "./asset-key.ts";
import { partitionSetOf } from "./job-partitions.ts";

/** Keys of partitions, a range of them with both ends, or all existing ones. */
export type PartitionSelection = readonly string[] | PartitionRange | "all";

/** Partitions from one to another, in their own order. */
export interface PartitionRange {
  readonly from: string;
  readonly to: string;
}

/** The partitions of a range, both ends included. */
export function keysBetween(keys: readonly string[], { from, to }: PartitionRange): readonly string[] {
  const [first, last] = [keys.indexOf(from), keys.indexOf(to)];
  for (const [key, at] of [
    [from, first],
    [to, last],
  ] as const) {
    if (at < 0) throw invalid(`there is no partition ${key}. ${existing(keys)}`);
  }
  if (first > last) throw invalid(`the partition ${from} comes after ${to}: swap them`);
  return keys.slice(first, last + 1);
}

const existing = (keys: readonly string[]) =>
  keys.length === 0 ? "There are none" : `There are ${keys.length}, from ${keys[0]} to ${keys.at(-1)}`;

/** The keys of an asset's partitions, in order. */
export async function assetPartitionKeys(
  client: DagsterClient,
  asset: AssetRef,
  call: CallOptions,
): Promise<readonly string[]> {
  const { node } = await client.request(AssetPartitionsDocument, { key: keyOf(asset) }, call);
  const { dimensions } = unwrap(node, "AssetNode");
  if (dimensions.length > 1) {
    throw invalid("these partitions have two dimensions, which have no range: name the partitions");
  }
  return dimensions[0]?.partitionKeys ?? [];
}

/** The name of a job's partitions, and their keys, if they are wanted. */
export async function jobPartitionSet(
  client: DagsterClient,
  job: string,
  repository: RepositorySelector,
  keys: boolean,
  call: CallOptions,
): Promise<{ readonly name: string; readonly keys: readonly string[] }> {
  const set = await partitionSetOf(client, job, repository, call, { keys });
  if (set === undefined) throw invalid(`the job ${job} has no partitions`);
  const found = set.partitions && unwrap(set.partitions, "Partitions").results;
  return { name: set.name, keys: found?.map(({ name }) => name) ?? [] };
}

/** The error for a backfill that cannot be launched. */
export function invalid(reason: string): DagsterError {
  const message = `Cannot launch the Dagster backfill: ${reason}.`;
  return new DagsterError({ code: "INVALID_OPTIONS", message });
}
