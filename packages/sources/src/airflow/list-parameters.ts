/** Scopes as the parameters of Airflow's lists. */
import { justBefore } from "../timestamp.ts";
import type { AirflowScope } from "./scope.ts";

export function queryOf(scope: AirflowScope) {
  const { updatedSince, updatedUntil, states } = scope;
  return {
    ...runAfterRange(scope),
    ...(updatedSince && { updated_at_gte: updatedSince }),
    ...(updatedUntil && { updated_at_lte: updatedUntil }),
    ...(states && { state: states.map((state) => state ?? "none") as never[] }),
  };
}

/** The server's bounds are inclusive, on every version; ours are half-open. */
export function runAfterRange({ runAfter }: AirflowScope): { run_after_gte?: string; run_after_lte?: string } {
  return {
    ...(runAfter?.from && { run_after_gte: runAfter.from }),
    ...(runAfter?.to && { run_after_lte: justBefore(runAfter.to) }),
  };
}

export function only(ids: readonly string[] | undefined): string {
  return ids?.length === 1 && ids[0] ? ids[0] : "~";
}
