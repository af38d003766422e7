import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterResultError } from "../errors.ts";
import { TerminateRunDocument, TerminateRunsDocument } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { unwrap } from "../unwrap.ts";
import { type RunRef, runIdOf } from "./run.ts";
import { tolerant } from "./tolerant.ts";

/** How to terminate runs. */
export interface TerminateOptions {
  /** Marks the run as cancelled at once, whatever its processes still do. @default false: they are asked to stop */
  readonly force?: boolean | undefined;
}

const policyOf = (force: boolean) => (force ? "MARK_AS_CANCELED_IMMEDIATELY" : "SAFE_TERMINATE");

/**
 * Terminates a run. It becomes `CANCELED` as soon as its processes have ended (see `wait`).
 *
 * @throws DagsterResultError `RunNotFoundError`; `TerminateRunFailure` if it has already ended.
 */
export async function terminate(
  client: DagsterClient,
  run: RunRef,
  { force = false }: TerminateOptions = {},
  call: CallOptions = {},
): Promise<void> {
  const variables = { runId: runIdOf(run), policy: policyOf(force) } as const;
  unwrap((await tolerant(client).request(TerminateRunDocument, variables, call)).terminated, "TerminateRunSuccess");
}

/** What became of one of several runs. */
export interface Terminated {
  readonly runId: string;
  /** Why it was not terminated, e.g. a `TerminateRunFailure` for a run that had already ended; undefined if it was. */
  readonly error: DagsterResultError | undefined;
}

/** Terminates several runs in one request, and reports what became of each, in their order. */
export async function terminateMany(
  client: DagsterClient,
  runs: readonly RunRef[],
  { force = false }: TerminateOptions = {},
  call: CallOptions = {},
): Promise<readonly Terminated[]> {
  if (runs.length === 0) return [];
  const runIds = runs.map(runIdOf);
  const { terminated } = await client.request(TerminateRunsDocument, { runIds, policy: policyOf(force) }, call);
  const results = objectsIn(unwrap(terminated, "TerminateRunsResult").results, "results of terminated runs");
  return runIds.map((runId, index) => ({ runId, error: errorOf(results[index]) }));
}

function errorOf(result: { readonly __typename: string } | undefined): DagsterResultError | undefined {
  try {
    unwrap(result, "TerminateRunSuccess");
    return undefined;
  } catch (error) {
    if (error instanceof DagsterResultError) return error;
    throw error;
  }
}
