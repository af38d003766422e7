import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createDemoAirflowWorld,
  createEmptyDagsterWorld,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { expect, test } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

test.each(["airflow", "dagster"])(
  "maxResponseBytes of %s: a larger row is skipped with exit code 1, until the limit is raised",
  async (kind) => {
    const airflow = createDemoAirflowWorld({ dags: 2, days: 1, runsPerDag: 3 });
    airflow.runs()[0]!.conf = { text: "x".repeat(200_000) };
    const dagster = createEmptyDagsterWorld();
    for (const bytes of [10, 200_000, 10]) {
      const run = dagster.completeRun({ jobName: "score", location: "ml_platform" });
      dagster.tag(run, "large", "x".repeat(bytes));
    }
    const { url } =
      kind === "airflow"
        ? await until(startAirflowSimulator({ world: airflow }))
        : await until(startDagsterSimulator({ world: dagster }));
    const folder = temporaryFolder();
    const config = join(folder, "dagsync.yaml");
    const login = kind === "airflow" ? "username: admin, password: admin, " : "";
    const sync = (limit: number) => {
      const source = `{ kind: ${kind}, url: "${url.replace(/\/graphql$/, "")}", ${login}maxResponseBytes: ${limit} }`;
      const pipelines = "pipelines: [{ from: it, to: here }]";
      writeFileSync(
        config,
        `sources:\n  it: ${source}\ndestinations:\n  here: sqlite:${join(folder, "o.sqlite")}\n${pipelines}\n`,
      );
      return dagsync(["sync", "--config", config], { env });
    };
    const small = await sync(100_000);
    expect(small).toMatchObject({ code: 1, stderr: expect.stringMatching(/too large.*maxResponseBytes/s) });
    expect(await sync(1_000_000)).toMatchObject({ code: 0 });
    expect(await sync(0)).toMatchObject({ code: 2, stderr: expect.stringContaining("maxResponseBytes") });
  },
);
