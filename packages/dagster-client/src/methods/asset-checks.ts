import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import {
  type AssetCheckExecutionResolvedStatus,
  type AssetCheckFragment,
  type AssetCheckSeverity,
  AssetChecksDocument,
} from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { Open } from "../open.ts";
import { unwrap } from "../unwrap.ts";
import { type AssetRef, keyOf } from "./asset-key.ts";
import type { MetadataEntry } from "./metadata.ts";

/** A check of an asset, and how it last ended. */
export interface AssetCheck {
  readonly name: string;
  readonly description: string | null;
  /** Whether a failure keeps the assets that depend on this one from being materialized. */
  readonly blocking: boolean;
  /** The jobs that execute it. */
  readonly jobNames: readonly string[];
  /** Of the asset's latest materialization; undefined if it was not executed since. */
  readonly latest: AssetCheckExecution | undefined;
}

/** An execution of a check. */
export interface AssetCheckExecution {
  /** `EXECUTION_FAILED`: the check itself raised an exception. */
  readonly status: Open<AssetCheckExecutionResolvedStatus>;
  readonly runId: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** `WARN`: its failure is no error. Undefined until it has ended. */
  readonly severity: Open<AssetCheckSeverity> | undefined;
  /** What the check says of its result. */
  readonly description: string | undefined;
  /** See `metadataOf`. */
  readonly metadataEntries: readonly MetadataEntry[];
}

/**
 * The checks of an asset, with their latest results.
 *
 * @throws DagsterResultError `AssetNotFoundError`: no loaded code location defines it
 */
export async function checks(
  client: DagsterClient,
  asset: AssetRef,
  call: CallOptions = {},
): Promise<readonly AssetCheck[]> {
  const { node } = await client.request(AssetChecksDocument, { key: keyOf(asset) }, call);
  return objectsIn(unwrap(unwrap(node, "AssetNode").found, "AssetChecks").checks, "checks").map(toCheck);
}

function toCheck({ executionForLatestMaterialization: found, ...check }: AssetCheckFragment): AssetCheck {
  if (!found) return { ...check, latest: undefined };
  const { evaluation, ...execution } = found;
  const latest = {
    ...execution,
    severity: evaluation?.severity,
    description: evaluation?.description ?? undefined,
    metadataEntries: evaluation?.metadataEntries ?? [],
  };
  return { ...check, latest };
}
