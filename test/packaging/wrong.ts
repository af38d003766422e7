/** Code that must not compile. If declarations were not found, everything would be `any`, and this file would fail. */
import { type AirflowClient, dagRuns } from "@org/airflow-client";
import type { DagsterClient } from "@org/dagster-client";
import { runsPageDocument } from "@org/dagster-client/sync";

export function misspelt(airflow: AirflowClient, dagster: DagsterClient): unknown[] {
  return [
    // @ts-expect-error an unknown parameter
    dagRuns.list(airflow, { statte: ["failed"] }),
    // @ts-expect-error an unknown field of the response
    dagRuns.get(airflow, { dagId: "a", dagRunId: "b" }).then(({ stat }) => stat),
    // @ts-expect-error an unknown variable
    dagster.request(runsPageDocument, { limitt: 1 }),
  ];
}
