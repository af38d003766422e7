import { minute, second } from "../time.ts";
import { createEmptyDagsterWorld } from "./empty-world.ts";
import { type DagsterRunStatus, finalRunStatuses } from "./records.ts";
import { runDocument } from "./run-resolvers.ts";

/** A run as Dagster's GraphQL interface answers it. Times are seconds since 1970. */
export interface DagsterRunRow extends ReturnType<typeof runDocument> {}

/**
 * A run that succeeded, or is in another status: its times fit that.
 *
 * @param fields what differs; give each run a `runId` where there are several
 * @example const failed = run({ jobName: "nightly", status: "FAILURE" });
 */
export function run(
  fields: { readonly [Name in keyof DagsterRunRow]?: DagsterRunRow[Name] | undefined } = {},
): DagsterRunRow {
  const {
    jobName = fields.pipelineName ?? "nightly",
    runId = fields.id,
    status = fields.runStatus ?? "SUCCESS",
  } = fields;
  const world = createEmptyDagsterWorld();
  world.addLocation("example");
  const run = world.addRun({ jobName, ...(runId !== undefined && { runId }) });
  const wasQueued: readonly DagsterRunStatus[] = ["QUEUED", "NOT_STARTED", "MANAGED", "STARTING"];
  if (!wasQueued.includes(status)) {
    world.advance((2 * second) / 1000);
    world.start(run);
  }
  world.advance((finalRunStatuses.has(status) ? 5 * minute : second) / 1000);
  if (status === "SUCCESS" || status === "FAILURE" || status === "CANCELED") world.finish(run, status);
  else if (status !== "QUEUED" && status !== "STARTED") world.setStatus(run, status);
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...runDocument(run), ...Object.fromEntries(set) };
}
