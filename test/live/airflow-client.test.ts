/** The client against real servers with a scheduler: every operation, the short methods, ids, examples. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAirflowClient, dags } from "@org/airflow-client";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { copyDags } from "@org/testkit/servers/airflow-dag-files";
import { airflowVersions, newestAirflow } from "@org/testkit/servers/airflow-versions";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { afterAll, beforeAll, test } from "vitest";
import { deploySettings, testDeploy } from "./airflow-deploy.ts";
import { testExamples } from "./airflow-examples.ts";
import { testIds } from "./airflow-ids.ts";
import { testLoopMethods } from "./airflow-loop-methods.ts";
import { testMethods } from "./airflow-methods.ts";
import { expectTooOld, testOperations } from "./airflow-operations.ts";
import { testStories } from "./airflow-stories.ts";
import { describeLiveOn, log } from "./live.ts";

const nightly = Boolean(process.env.NIGHTLY);
/** The newest version. At night, all of them. */
const tested = airflowVersions.filter(({ version }) => nightly || version === newestAirflow);

for (const { version, pythons } of tested) {
  describeLiveOn(pythons)(`the client on a real Airflow ${version}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "live-client-"));
    let started: AirflowServer;
    const server = () => started;

    beforeAll(async () => {
      const dagsFolder = join(folder, "dags");
      const loops = isAtLeast(version, "3.4") ? ["loops.py"] : [];
      await copyDags(dagsFolder, "methods.py", "operations.py", "broken.py", ...loops);
      const env = {
        AIRFLOW__CORE__TEST_CONNECTION: "Enabled",
        AIRFLOW__API__EXPOSE_CONFIG: "True",
        AIRFLOW__SCHEDULER__ALLOWED_RUN_ID_PATTERN: ".+",
        ...deploySettings,
      };
      started = await startAirflow({ log, version, dagsFolder, scheduler: true, env });
      const { url, username, password } = started;
      const airflow = createAirflowClient({ url, auth: { username, password } });
      for await (const { dag_id } of dags.list(airflow)) await dags.unpause(airflow, dag_id);
    });
    afterAll(async () => {
      await started?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    testOperations(version, server);
    test("operations that it is too old for say so", () => expectTooOld(version, server()));
    testIds(version, server);
    testStories(version, server);
    if (version === newestAirflow || nightly) testMethods(version, server);
    if (isAtLeast(version, "3.4")) testLoopMethods(server);
    if (version === newestAirflow) testExamples(server);
    // At night, test/nightly has it for all versions.
    if (!nightly) testDeploy(version, server, "speaks");
  });
}
