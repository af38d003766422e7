/** Jobs that `dagsync deploy dagster` wrote, executed by the server's own Dagster. With daemon and queue: at night. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "@org/cli";
import { assets, createDagsterClient } from "@org/dagster-client";
import { queryDuckdb } from "@org/destination/duckdb";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { expect } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const dagsync = `${process.execPath} --conditions=@org/source ${here("../../packages/cli/src/bin.ts")}`;
const script = here("../../packages/testkit/src/servers/dagster/deployed.py");

interface Ended {
  readonly success: boolean;
  readonly steps: readonly string[];
}

/** Has jobs executed that sync this server, fail once, and fail for good. */
export async function runDeployed(server: DagsterServer, folder: string): Promise<void> {
  const sync = [
    "--from",
    `dagster:${server.url}`,
    "--to",
    "duckdb:deployed.duckdb",
    "--pipeline",
    "own",
    "--streams",
    "runs",
  ];
  const retry_config = { initial_delay_seconds: 0, retryable_exit_codes: [75] };
  const schedules = [
    { name: "sync-own", cron: "@daily", job: { sync } },
    {
      name: "once",
      cron: "@daily",
      job: { command: "echo x >> once; test $(wc -l < once) -ge 2 || exit 75", retry_config },
    },
    { name: "never", cron: "@daily", job: { command: "exit 76", retry_config } },
  ];
  const config = join(folder, "runner.yaml");
  writeFileSync(config, JSON.stringify({ runner: { orchestrator: { schedules } } }));
  const args = ["--config", config, "--into", folder, "--workdir", folder, "--dagsync", dagsync];
  const io = { stdout: { write() {} }, stderr: { write() {} }, env: {} };
  expect(await main(["deploy", "dagster", ...args], io)).toBe(0);
  const jobs = ["sync_own", "once", "never"];
  const ended = await server.python<Record<string, Ended>>(script, {
    file: join(folder, "dagsync_definitions.py"),
    jobs,
  });
  expect(ended).toEqual({
    sync_own: { success: true, steps: expect.arrayContaining(["STEP_SUCCESS"]) },
    once: {
      success: true,
      steps: ["STEP_START", "STEP_UP_FOR_RETRY", "STEP_RESTARTED", "STEP_OUTPUT", "STEP_SUCCESS"],
    },
    never: { success: false, steps: ["STEP_START", "STEP_FAILURE"] },
  });
  expect(readFileSync(join(folder, "once"), "utf8")).toBe("x\nx\n");
  const [row] = await queryDuckdb(join(folder, "deployed.duckdb"), "SELECT count(*) AS rows FROM dagster_runs");
  const client = createDagsterClient({ url: server.url });
  const [last] = await assets.materializations(client, ["own", "dagster_runs"]).toArray();
  expect(assets.metadataOf(last!.metadataEntries)).toMatchObject({ "dagster/row_count": row?.rows, deleted: 0 });
  const { assetCheckExecutions } = await server.query<{ assetCheckExecutions: readonly { readonly status: string }[] }>(
    `{ assetCheckExecutions(assetKey: { path: ["own", "dagster_runs"] }, checkName: "complete", limit: 1) { status } }`,
  );
  expect(assetCheckExecutions).toEqual([{ status: "SUCCEEDED" }]);
}
