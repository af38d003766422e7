/** What must not compile: declarations that are not found would make everything `any`, and this file an error. */
import { type AirflowClient, dagRuns } from "@org/airflow-client";
import type { DagsterClient } from "@org/dagster-client";
import { runsPageDocument } from "@org/dagster-client/sync";

export function misspelt(airflow: AirflowClient, dagster: DagsterClient): unknown[] {
  return [
    // @ts-expect-error There is no such parameter.
    dagRuns.list(airflow, { statte: ["failed"] }),
    // @ts-expect-error Nor such an answer.
    dagRuns.get(airflow, { dagId: "a", dagRunId: "b" }).then(({ stat }) => stat),
    // @ts-expect-error Nor such a variable.
    dagster.request(runsPageDocument, { limitt: 1 }),
  ];
}
