import type { RunDetailsFragment, RunFragment } from "../generated/operations.ts";
import type { Older } from "./tolerant.ts";

/** A run. Times are seconds since 1970; `creationTime` is absent with Dagster 1.7. */
export type Run = Older<RunFragment, "creationTime">;
/** A run with its configuration. */
export type RunDetails = Older<RunDetailsFragment, "creationTime">;
/** A run that has ended. */
export type FinishedRun = Run & { readonly status: "SUCCESS" | "FAILURE" | "CANCELED" };
