import type { CallOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { RunStepsDocument, type StepEventStatus } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { Open } from "../open.ts";
import { unwrap } from "../unwrap.ts";
import { type RunRef, runIdOf } from "./run.ts";

/** A step of a run: what a Gantt chart shows. Times are seconds since 1970. */
export interface RunStep {
  /** Its name: that of its op, with the ops around it and the key of its mapping. */
  readonly stepKey: string;
  /** Null until it has started. */
  readonly status: Open<StepEventStatus> | null;
  readonly startTime: number | null;
  readonly endTime: number | null;
  /** Its attempts, the first one first. */
  readonly attempts: readonly { readonly startTime: number | null; readonly endTime: number | null }[];
}

/**
 * The steps of a run that have started, with their times.
 *
 * @throws DagsterResultError `RunNotFoundError`
 */
export async function steps(client: DagsterClient, run: RunRef, call: CallOptions = {}): Promise<readonly RunStep[]> {
  const found = await client.request(RunStepsDocument, { runId: runIdOf(run) }, call);
  return objectsIn(unwrap(found.run, "Run").stepStats, "steps");
}
