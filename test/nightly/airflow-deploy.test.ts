/** `dagsync deploy airflow` on every version of Airflow, with all kinds of jobs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { copyDags } from "@org/testkit/servers/airflow-dag-files";
import { airflowVersions } from "@org/testkit/servers/airflow-versions";
import { afterAll, beforeAll } from "vitest";
import { deploySettings, testDeploy } from "../live/airflow-deploy.ts";
import { describeLiveOn, log } from "../live/live.ts";

for (const { version, pythons } of airflowVersions) {
  describeLiveOn(pythons)(`a deploy to a real Airflow ${version}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "nightly-deploy-"));
    let server: AirflowServer;

    beforeAll(async () => {
      const dagsFolder = join(folder, "dags");
      await copyDags(dagsFolder, "methods.py");
      server = await startAirflow({ log, version, dagsFolder, scheduler: true, env: deploySettings });
    });
    afterAll(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    testDeploy(version, () => server, "speaks");
  });
}
