/** An audit log, and tasks that wait for pools. */
import { eventLogsTable, poolsTable } from "@org/sources/airflow";
import { at, attempt, dag, further, run, type World } from "@org/testkit/insights/world";

const cleared = run("cleared", "cleared 1", { due: "11-01 00:00", delay: 600, took: 10 });
const waits = run("waits", "waits 1", { due: "11-02 10:00", took: null });

const logged = (event_log_id: number, event: string, owner: string | null, more: object = {}) => ({
  ...{ event_log_id, logged_at: at("11-01 10:00"), event, dag_id: "cleared", dag_run_id: "cleared 1", owner },
  ...{ extra: '{"dry_run": false}', ...more },
});
const scheduled = (pool: string, pool_slots = 1) =>
  attempt(waits, `in ${pool}`, [null, null], {
    ...{ state: "scheduled", scheduled_when: at("11-02 11:00"), queued_when: null, pool, pool_slots },
  });
const pool = (name: string, slots: number, occupied_slots: number) => ({
  ...{ name, slots, occupied_slots, running_slots: occupied_slots, queued_slots: 0, scheduled_slots: 0 },
  ...{ deferred_slots: 0, open_slots: slots - occupied_slots, include_deferred: false },
});

export const peopleAirflow = {
  dags: [dag("cleared"), dag("waits", { max_active_tasks: 16 })],
  runs: [cleared, waits],
  tasks: [
    attempt(cleared, "t", ["11-01 00:00", "11-01 00:05"], { state: "failed", is_latest: false }),
    attempt(cleared, "t", ["11-01 10:00", "11-01 10:05"], { try_number: 2 }),
    // The second one needs two slots, and there is one.
    ...[scheduled("full"), scheduled("narrow", 2), scheduled("free"), scheduled("endless"), scheduled("unknown")],
  ],
  further: [
    further(eventLogsTable, [
      logged(1, "post_clear_task_instances", "ann"),
      logged(2, "clear_dag_run", "bob"),
      logged(3, "post_clear_task_instances", "bob"),
      // Only a preview of what would be cleared.
      logged(4, "post_clear_task_instances", "ann", { extra: '{"dry_run":true}' }),
      logged(5, "trigger_dag_run", "ann"),
      logged(6, "clear_dag_run", "ann", { logged_at: at("09-01 10:00") }),
      logged(7, "clear_dag_run", null),
    ]),
    further(poolsTable, [pool("full", 2, 2), pool("narrow", 3, 2), pool("free", 3, 1), pool("endless", -1, 9)]),
  ],
} satisfies Partial<World>;
