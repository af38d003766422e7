import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterError } from "../errors.ts";
import {
  AssetJobsDocument,
  type AssetJobsQuery,
  type AssetKeyInput,
  type JobOrPipelineSelector,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { nameOf } from "./asset-key.ts";

type AssetNode = AssetJobsQuery["assetNodes"][number];

/** How a single run materializes assets. */
export interface AssetJob {
  readonly selector: JobOrPipelineSelector;
  /** The names of their partitions' dimensions, if there are several. */
  readonly dimensions: readonly string[];
  readonly isPartitioned: boolean;
}

/**
 * The job that materializes these assets. Every code location has one for all its assets; with 1.7, one for each kind
 * of partitioning.
 *
 * @throws DagsterError `INVALID_OPTIONS`: no such assets, or no single job materializes all of them.
 */
export async function findAssetJob(
  client: DagsterClient,
  keys: readonly AssetKeyInput[],
  call: CallOptions,
): Promise<AssetJob> {
  // To the server, no keys mean all assets.
  const answer = keys.length === 0 ? { assetNodes: [] } : await client.request(AssetJobsDocument, { keys }, call);
  const nodes = objectsIn(answer.assetNodes, "assets");
  const made = new Set(nodes.filter(({ isExecutable }) => isExecutable).map(({ assetKey }) => textOf(assetKey)));
  const missing = keys.filter((key) => !made.has(textOf(key)));
  if (missing.length > 0) throw invalid(`no loaded code location defines ${missing.map(nameOf).join(", ")}`);
  const [first, ...others] = nodes;
  if (first === undefined) throw invalid("no assets were given");
  const jobName = first.jobNames.find(
    (name) =>
      name.startsWith("__ASSET_JOB") &&
      others.every((other) => other.jobNames.includes(name) && placeOf(other) === placeOf(first)),
  );
  if (jobName === undefined) {
    const names = keys.map(nameOf).join(", ");
    throw invalid(`one run cannot materialize ${names}: their code locations or partitions differ. Launch a backfill`);
  }
  const { name, location } = first.repository;
  const partitioned = nodes.find(({ isPartitioned }) => isPartitioned);
  return {
    selector: { repositoryLocationName: location.name, repositoryName: name, jobName, assetSelection: keys },
    dimensions: (partitioned?.partitionDefinition?.dimensionTypes.map((each) => each.name) ?? []).sort(),
    isPartitioned: partitioned !== undefined,
  };
}

const textOf = ({ path }: AssetKeyInput) => JSON.stringify(path);
const placeOf = ({ repository }: AssetNode) => JSON.stringify([repository.location.name, repository.name]);

/** The error for a run that cannot be launched. */
export function invalid(reason: string): DagsterError {
  return new DagsterError({ code: "INVALID_OPTIONS", message: `Cannot launch the Dagster run: ${reason}.` });
}
