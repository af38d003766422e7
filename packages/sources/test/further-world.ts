import { createEmptyAirflowWorld } from "@org/simulators/internal";
import type { SyncEvent } from "@org/sync-engine";
import { type AirflowSyncOptions, setUp } from "./airflow-sync.ts";

export const hour = 3_600_000;
export const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}000Z`;

/** An Airflow with two DAGs, an hour old, and syncs of it. */
export async function setUpFurther(options: Omit<AirflowSyncOptions, "world"> = {}, version: "3.3" | "3.4" = "3.4") {
  const world = createEmptyAirflowWorld({ version });
  const dag = world.addDag({
    dagId: "a",
    tasks: [{ taskId: "one" }, { taskId: "two", retries: 2 }, { taskId: "three" }],
  });
  world.addDag({ dagId: "b" });
  const its = await setUp({ world, ...options });
  // The overlap of the first sync no longer includes this.
  world.advance(hour);
  const now = its.simulator.clock.now();
  const labels = (events: readonly SyncEvent[]) =>
    events.flatMap((event) => (event.type === "request-finished" ? [event.label] : []));
  return { ...its, dag, now, labels };
}
