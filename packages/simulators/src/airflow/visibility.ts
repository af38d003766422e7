import type { AirflowWorld } from "./world.ts";

/** What a server reads of a world. */
export type AirflowView = Pick<
  AirflowWorld,
  "clock" | "version" | "defaultTimezone" | "now" | "dags" | "runs" | "tasks" | "events" | "further"
>;

/** The part of a world that is visible to a user who may see only some of its DAGs, as with the FAB auth manager. */
export function visiblePart(world: AirflowWorld, isVisible: (dagId: string) => boolean): AirflowView {
  return {
    clock: world.clock,
    version: world.version,
    defaultTimezone: world.defaultTimezone,
    further: world.further,
    now: () => world.now(),
    dags: new Map([...world.dags].filter(([dagId]) => isVisible(dagId))),
    runs: () => world.runs().filter(({ dag }) => isVisible(dag.dagId)),
    tasks: () => world.tasks().filter(({ run }) => isVisible(run.dag.dagId)),
    events: () => world.events().filter(({ dagId }) => dagId === null || isVisible(dagId)),
  };
}
