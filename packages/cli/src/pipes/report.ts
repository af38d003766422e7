/** What Dagster is told of a pipeline: a materialization and a check of each table. */
import { chooseStreams, describeState, type StreamState, type SyncResult, type VerifyResult } from "@org/sync-engine";
import { Interrupted } from "../errors.ts";
import type { Pipeline } from "../pipeline.ts";
import { failureText } from "../render/failure.ts";
import { differenceCount } from "../render/verification.ts";
import { assetKeyOf } from "./asset-key.ts";
import type { Metadata, Pipes } from "./pipes.ts";

/** Whether the last sync read all that it had to. */
const completeCheck = "complete";
/** Whether the table holds what the server has. */
const verifiedCheck = "verified";

/**
 * Reports a sync: a table that was synced to its end is materialized, and complete if nothing of it was skipped.
 *
 * @param result what was synced, if anything
 * @param thrown why the sync failed, if it did
 */
export async function reportSync(
  pipes: Pipes,
  { name, source, streams: chosen, destination, place }: Pipeline,
  { result, thrown }: { readonly result?: SyncResult | undefined; readonly thrown?: unknown },
): Promise<void> {
  // It was stopped: nothing is wrong with the tables.
  if (thrown instanceof Interrupted) return;
  if (!result) {
    for (const { table } of chooseStreams(source, chosen)) {
      const key = assetKeyOf(name, destination.realTable?.(table).name ?? table.name);
      pipes.checked(key, { check: completeCheck, passed: false, metadata: { reason: text(failureText(thrown)) } });
    }
    return;
  }
  // The place as others see it: no longer held by the sync, and without the pipeline's prefix.
  const states = await describeState({ destination: place.destination, pipeline: name }).catch(() => []);
  for (const { stream, table, error, ...counts } of result.streams) {
    const state = states.find((each) => each.stream === stream);
    const key = assetKeyOf(name, table);
    const problems = result.problems.filter((each) => each.stream === stream);
    const reasons = [...(error ? [failureText(error)] : []), ...problems.map(({ message }) => message)];
    if (!error) pipes.materialized(key, metadataOf(counts, state));
    const skipped = { skipped: int(problems.length), ...(reasons[0] !== undefined && { reason: text(reasons[0]) }) };
    pipes.checked(key, { check: completeCheck, passed: reasons.length === 0, metadata: skipped });
  }
}

/** Reports whether tables are what the server has. */
export function reportVerify(pipes: Pipes, { name, source, destination }: Pipeline, { tables }: VerifyResult): void {
  for (const compared of tables) {
    const declared = source.streams.find(({ table }) => table.name === compared.table)?.table;
    const key = assetKeyOf(name, (declared && destination.realTable?.(declared).name) ?? compared.table);
    const differences = differenceCount({ tables: [compared] });
    const metadata = { compared: int(compared.compared), differences: int(differences) };
    pipes.checked(key, { check: verifiedCheck, passed: differences === 0, metadata });
  }
}

type Counts = Omit<SyncResult["streams"][number], "stream" | "table" | "error">;

function metadataOf({ inserted, updated, unchanged, deleted }: Counts, state: StreamState | undefined): Metadata {
  const rows = state?.rows ?? undefined;
  const position = state?.position ?? undefined;
  return {
    // Dagster draws this one over time.
    ...(rows !== undefined && { "dagster/row_count": int(rows) }),
    ...{ inserted: int(inserted), updated: int(updated), unchanged: int(unchanged), deleted: int(deleted) },
    ...(position !== undefined && { position: { type: "timestamp", raw_value: Date.parse(position) / 1000 } as const }),
  };
}

const int = (value: number) => ({ type: "int", raw_value: value }) as const;
const text = (value: string) => ({ type: "text", raw_value: value }) as const;
