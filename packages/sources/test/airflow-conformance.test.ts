/** The conformance suite for sources, for opt-in streams that read short lists of Airflow's. */
import { createAirflowClient } from "@org/airflow-client";
import { createEmptyAirflowWorld, pool, startAirflowSimulator } from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import type { Source } from "@org/sync-engine";
import { testSource } from "@org/sync-engine/testing";

const importError = (id: number) => ({
  ...{ import_error_id: id, timestamp: "2026-11-30T08:00:00.123Z", filename: `${id}.py`, bundle_name: "dags-folder" },
  ...{ stack_trace: `Traceback ${id}`, file_token: "token", source_reference: null },
});

testSource({
  name: "Airflow's short lists",
  streams: ["pools", "pool_samples", "import_errors"],
  async create() {
    const world = createEmptyAirflowWorld();
    const { pools, import_errors: importErrors } = world.further;
    for (let n = 0; n < 130; n += 1) {
      pools.push(pool(`numbered ${n}`, n));
      importErrors.push(importError(n));
    }
    const simulator = await startAirflowSimulator({ world });
    const auth = { username: "admin", password: "admin" };
    let changes = 0;
    return {
      source: airflow({ client: createAirflowClient({ url: simulator.url, auth }) }) as Source,
      lists: { pools, import_errors: importErrors },
      changed(row, list) {
        changes += 1;
        return { ...row, [list === "pools" ? "description" : "stack_trace"]: `changed ${changes}` };
      },
      expected() {
        const { airflow_pools, airflow_import_errors } = world.furtherRows() as Record<string, never>;
        return { airflow_pools: airflow_pools!, airflow_import_errors: airflow_import_errors! };
      },
      forbidden: () => Object.assign(new Error("Forbidden"), { code: "FORBIDDEN", status: 403 }),
      advance: (byMs) => simulator.clock.advance(byMs),
      cleanup: () => simulator.close(),
    };
  },
});
