/** examples/move-orchestrator on both real servers: from Dagster to Airflow, and back. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { createAirflowClient, dagRuns } from "@org/airflow-client";
import { main } from "@org/cli";
import { createDagsterClient, runs } from "@org/dagster-client";
import { startAirflowSimulator } from "@org/simulators/internal";
import { startAirflow } from "@org/testkit/servers/airflow";
import { startDagster } from "@org/testkit/servers/dagster";
import { expect, onTestFinished, test, vi } from "vitest";
import { deploySettings } from "../live/airflow-deploy.ts";
import { describeLiveOn, log } from "../live/live.ts";

const jobs = ["sync_prod", "invoices", "orders"];
const bin = fileURLToPath(new URL("../../packages/cli/src/bin.ts", import.meta.url));
const dagsync = `${process.execPath} --conditions=@org/source ${bin}`;

describeLiveOn({ from: "3.11" })("a runner.yaml between two orchestrators", () => {
  test("runs in Dagster, then in Airflow, then is deployed to Dagster as before", { timeout: 900_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "move-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(new URL("../../examples/move-orchestrator", import.meta.url), folder, { recursive: true });
    // As the README says: in the folder where the jobs run.
    const cwd = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(cwd));
    const [definitions, dags] = [join(folder, "dagster"), join(folder, "dags")];
    for (const each of [definitions, dags]) mkdirSync(each);
    const source = await startAirflowSimulator();
    onTestFinished(() => source.close());
    const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
    // For the jobs, wherever they run.
    const env = { ...login, AIRFLOW_URL: source.url };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());

    async function deploy(...args: readonly string[]) {
      const said: string[] = [];
      const output = { write: (text: string) => void said.push(text) };
      const common = ["--workdir", folder, "--dagsync", dagsync];
      const config = args.includes("--config") ? [] : ["--config", join(folder, "runner.yaml")];
      const code = await main(["deploy", ...args, ...common, ...config], {
        stdout: output,
        stderr: output,
        env: login,
      });
      expect(code, said.join("")).toBe(0);
      return said.join("");
    }
    const file = join(folder, "orchestration.sqlite");
    const counts = () => {
      const database = new DatabaseSync(file, { readOnly: true });
      const rows = Object.keys(source.world.rows()).map((table) => [
        table,
        database.prepare(`select count(*) as count from ${table}`).get()!.count,
      ]);
      database.close();
      return Object.fromEntries(rows);
    };
    const expected = Object.fromEntries(
      Object.entries(source.world.rows()).map(([table, rows]) => [table, rows.length]),
    );

    await deploy("dagster", "--into", definitions);
    const deployed = join(definitions, "dagsync_definitions.py");
    const first = readFileSync(deployed, "utf8");
    const dagster = await startDagster({ log, locations: [], files: { moved: deployed } });
    onTestFinished(() => dagster.stop());
    const dagsterClient = createDagsterClient({ url: dagster.url });
    for (const job of jobs) {
      const { runId } = await runs.launch(dagsterClient, { job });
      expect(await runs.wait(dagsterClient, runId, { deadlineMs: 300_000 })).toMatchObject({ status: "SUCCESS" });
    }
    expect(counts()).toEqual(expected);
    rmSync(file);

    const airflow = await startAirflow({ log, dagsFolder: dags, scheduler: true, env: { ...deploySettings, ...env } });
    onTestFinished(() => airflow.stop());
    const there = ["airflow", "--dags-folder", dags, "--url", airflow.url];
    await deploy(...there, "--verify");
    rmSync(deployed);
    const client = createAirflowClient({ url: airflow.url, auth: { username: "admin", password: "admin" } });
    for (const dagId of jobs) {
      const { dag_run_id: dagRunId } = await dagRuns.trigger(client, dagId);
      expect(await dagRuns.wait(client, { dagId, dagRunId }, { deadlineMs: 300_000 })).toMatchObject({
        state: "success",
      });
    }
    expect(counts()).toEqual(expected);

    await deploy("dagster", "--into", definitions);
    expect(readFileSync(deployed, "utf8")).toBe(first);
    expect(await deploy(...there, "--config", join(folder, "nothing.yaml"))).toContain("3 removed, 0 unchanged");
  });
});
