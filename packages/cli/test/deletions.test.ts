import { join } from "node:path";
import { startAirflowSimulator } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

async function synced() {
  const { url, world } = await until(startAirflowSimulator());
  const args = ["--from", `airflow:${url}`, "--to", `duckdb:${join(temporaryFolder(), "o.duckdb")}`];
  const sync = (...options: string[]) => dagsync(["sync", ...args, "--streams", "dag_runs", ...options], { env });
  expect((await sync()).code).toBe(0);
  return { world, sync };
}

test("refuses a mass deletion, with the numbers, until it is allowed", async () => {
  const { world, sync } = await synced();
  const all = world.runs().length;
  const kept = new Set([...world.dags.values()].flatMap((dag) => [...dag.runs.values()].slice(0, 1)));
  for (const run of [...world.runs()]) if (!kept.has(run)) world.deleteRun(run, true);
  const gone = all - world.runs().length;
  expect(gone).toBeGreaterThan(Math.max(100, all / 5));

  const refused = await sync("--full-refresh");
  expect(refused.code).toBe(1);
  const [, rows, of, percent] =
    /airflow_dag_runs: (\d+) of (\d+) rows \((\d+) %\) are no longer on the server/.exec(refused.stderr) ?? [];
  expect({ of: Number(of), tooMany: Number(rows) > 100 && Number(percent) > 20 }).toEqual({ of: all, tooMany: true });
  expect(refused.stderr).toContain("--allow-mass-delete");

  const allowed = await sync("--full-refresh", "--allow-mass-delete");
  expect(allowed.code).toBe(0);
  expect(allowed.stdout).toMatch(
    new RegExp(`^dag_runs +airflow_dag_runs +0 +0 +\\d+ +${gone.toLocaleString("en-US")} `, "m"),
  );
});

test.each(["--reconcile", "--reconcile-every=0s"])("finds deletions with %s, and not before", async (option) => {
  const { world, sync } = await synced();
  world.advance(3_600_000);
  world.deleteRun(world.runs().find(({ state }) => state === "success")!, true);
  const deleted = async (...options: string[]) => {
    const { code, stdout } = await sync("--json", ...options);
    const { streams } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    return { code, deleted: streams[0].deleted };
  };
  expect(await deleted()).toEqual({ code: 0, deleted: 0 });
  expect(await deleted("--reconcile-every", "off")).toEqual({ code: 0, deleted: 0 });
  expect(await deleted(option)).toEqual({ code: 0, deleted: 1 });
});

test.each(["soon", "12", "-1h", "1 week", ""])("rejects %j as a duration", async (text) => {
  const args = ["sync", "--from", "airflow:http://127.0.0.1:1", "--to", "duckdb:o.duckdb", "--reconcile-every", text];
  expect(await dagsync(args, { env })).toEqual({
    code: 2,
    stdout: "",
    stderr: "dagsync: --reconcile-every is not a duration. Write a number and s, m, h or d, as in 12h or 1d, or off.\n",
  });
});
