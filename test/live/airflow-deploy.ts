/** `dagsync deploy airflow` on a real server: the files are parsed, the scheduler runs the jobs, exit codes decide. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AirflowClient, createAirflowClient, dagRuns, dags, pools, taskInstances } from "@org/airflow-client";
import { main } from "@org/cli";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const timeout = 300_000;
const nightly = Boolean(process.env.NIGHTLY);

/** What the DAG processor needs so that new files are found soon. */
export const deploySettings = {
  AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL: "5",
  AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: "5",
};

const never = "0 0 1 1 *";
const retry = (change: object = {}) => ({ max_retries: 2, initial_delay_seconds: 1, ...change });
const job = (name: string, command: string | readonly string[], change: object = {}) => ({
  name,
  cron: never,
  job: { command, ...change },
});

/** Each job with the states of its attempts and the state of its run. */
const jobs = [
  {
    ...job("d_retry", "test $DAGSYNC_ATTEMPT = 2 || exit 75", { retry_config: retry({ retryable_exit_codes: [75] }) }),
    attempts: ["failed", "success"],
  },
  { ...job("d_other", "exit 2", { retry_config: retry({ retryable_exit_codes: [75] }) }), attempts: ["failed"] },
  { ...job("d_skip", "exit 99"), attempts: ["skipped"], run: "success" },
];

const atNight = [
  {
    ...job("d_words", ["printf", "%s|", "{{ ds }}", "{% raw %}", "a.sh", "é😀\"'\\n\n"]),
    attempts: ["success"],
    log: ["{{ ds }}|{% raw %}|a.sh|é😀\"'\\n", "|"],
  },
  {
    ...job("d_ключ.1", "echo out; echo err >&2; echo $DAGSYNC_JOB $DAGSYNC_ATTEMPT", { retry_config: null }),
    tags: { 'a"b': "c'd\n" },
    attempts: ["success"],
    log: ["out", "err", "d_ключ.1 1"],
  },
  {
    ...job("d_unknown", "echo Bad thing >&2; exit 1", {
      retry_config: retry({ retryable_error_patterns: ["time.?out"] }),
    }),
    attempts: ["failed"],
  },
  {
    ...job("d_known", "echo TIME-OUT >&2; exit 1", {
      retry_config: retry({ retryable_error_patterns: ["time.?out"] }),
    }),
    attempts: ["failed", "failed", "failed"],
  },
  { ...job("d_missing", ["no-such-program"], { retry_config: retry() }), attempts: ["failed"] },
  {
    ...job("d_killed", "kill -9 $$", { retry_config: retry({ retryable_exit_codes: [137] }) }),
    attempts: ["failed", "failed", "failed"],
  },
];

/** Two of one tenant, and one of another. */
const tenants = ["a", "a", "b"].map((tenant, index) => ({
  ...job(`d_tenant_${tenant}${index}`, "sleep 8", { tenant_id: tenant }),
  attempts: ["success"],
}));

const expected = [...jobs, ...(nightly ? atNight : []), ...tenants] as readonly {
  readonly name: string;
  readonly attempts: readonly string[];
  readonly run?: string;
  readonly log?: readonly string[];
}[];

/** @param taken the id of a DAG that is there already, if one is */
export function testDeploy(version: string, server: () => AirflowServer, taken?: string): void {
  describe("dagsync deploy airflow", () => {
    const folder = mkdtempSync(join(tmpdir(), "live-deploy-"));
    const slots = join(folder, "slots");
    let client: AirflowClient;
    const every = { name: "d_every", interval_seconds: 5, job: { command: `echo "$DAGSYNC_SLOT" >> ${slots}` } };
    const schedules = [...expected.map(({ attempts, run, log, ...schedule }) => schedule), every];

    const write = (all: readonly object[]) =>
      writeFileSync(join(folder, "runner.yaml"), JSON.stringify({ runner: { orchestrator: { schedules: all } } }));

    async function deploy(...more: readonly string[]) {
      const written = { stdout: "", stderr: "" };
      const writer = (name: keyof typeof written) => ({
        write(text: string) {
          written[name] += text;
        },
      });
      const { url, dagsFolder, username, password } = server();
      const where = ["--config", join(folder, "runner.yaml"), "--dags-folder", dagsFolder, "--url", url];
      const folders = more.includes("kubernetes") ? [] : ["--workdir", folder];
      const code = await main(["deploy", "airflow", ...where, ...folders, ...more], {
        stdout: writer("stdout"),
        stderr: writer("stderr"),
        env: { AIRFLOW_USERNAME: username, AIRFLOW_PASSWORD: password },
      });
      return { code, ...written };
    }

    beforeAll(() => {
      const { url, username, password } = server();
      client = createAirflowClient({ url, auth: { username, password } });
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("files are parsed, and the pools are there before them", { timeout }, async () => {
      write(schedules);
      const { code, stdout, stderr } = await deploy("--verify");
      expect([code, stderr], stdout).toEqual([0, ""]);
      expect(stdout.indexOf("pool tenant_a: 1 slot")).toBeLessThan(stdout.indexOf("+ dagsync_d_retry.py"));
      expect((await pools.get(client, "tenant_a")).slots).toBe(1);
      for (const { name } of schedules) {
        expect(stdout).toMatch(new RegExp(`^${name.replace(".", "\\.")} +active +\\d{4}-`, "m"));
        const { tags, max_active_runs, is_paused } = await dags.get(client, name);
        expect(tags.map((tag) => tag.name)).toContain("dagsync");
        expect([max_active_runs, is_paused]).toEqual([1, false]);
      }
    });

    test("exit codes decide, and tenants wait for one another", { timeout }, async () => {
      const times = new Map<string, readonly [from: string, to: string]>();
      await Promise.all(
        expected.map(async ({ name, attempts, run, log }) => {
          const started = { dagId: name, dagRunId: (await dagRuns.trigger(client, name)).dag_run_id };
          const { state } = await dagRuns.wait(client, started, { deadlineMs: timeout });
          const task = { ...started, taskId: "run" };
          const tries = await taskInstances.tries(client, task).toArray();
          expect([name, state, tries.map((each) => each.state)]).toEqual([name, run ?? attempts.at(-1), attempts]);
          times.set(name, [tries.at(-1)!.start_date!, tries.at(-1)!.end_date!]);
          if (!log) return;
          const lines: unknown[] = [];
          for await (const { event } of taskInstances.logs(client, task, { tryNumber: 1, follow: false }))
            lines.push(event);
          expect(lines).toEqual(expect.arrayContaining([...log]));
        }),
      );
      const [a, again, b] = tenants.map(({ name }) => times.get(name)!);
      const overlap = ([from, to]: readonly [string, string], [start, end]: readonly [string, string]) =>
        from < end && start < to;
      expect(overlap(a!, again!)).toBe(false);
      expect(overlap(a!, b!) || overlap(again!, b!)).toBe(true);
    });

    test("the scheduler runs what is due, and tells the job for which moment", { timeout }, async () => {
      await expect
        .poll(() => readFileSync(slots, { encoding: "utf8", flag: "a+" }).trim().split("\n").length, {
          timeout,
          interval: 500,
        })
        .toBeGreaterThan(1);
      const told = readFileSync(slots, "utf8").trim().split("\n");
      const runs = (await Array.fromAsync(dagRuns.list(client, { dagId: "d_every" }))).map(({ run_after }) =>
        new Date(Math.floor(Date.parse(run_after) / 1000) * 1000).toISOString(),
      );
      expect(told.filter((slot) => !runs.includes(slot))).toEqual([]);
    });

    test("what a person paused stays paused; enabled decides when it changes; what is gone is removed", {
      timeout,
    }, async () => {
      const isPaused = async (name: string) => (await dags.get(client, name)).is_paused;
      await dags.pause(client, "d_other");
      expect((await deploy()).stdout).toBe(`0 new, 0 changed, 0 removed, ${schedules.length} unchanged.\n`);
      expect(await isPaused("d_other")).toBe(true);
      const rest = schedules.filter(({ name }) => !["d_every", "d_skip"].includes(name));
      write([{ ...every, enabled: false }, ...rest]);
      const off = await deploy("--verify");
      expect(off.stdout).toContain("DAG d_every: paused\n~ dagsync_d_every.py\n- dagsync_d_skip.py\n");
      expect(off.stdout).toMatch(/^d_every +paused/m);
      expect(await Promise.all(["d_every", "d_other", "d_retry"].map(isPaused))).toEqual([true, true, false]);
      write([every, ...rest]);
      expect((await deploy()).stdout).toContain("DAG d_every: no longer paused\n~ dagsync_d_every.py\n");
      expect(await isPaused("d_every")).toBe(false);
    });

    test("a file that cannot be imported is reported, and so is a DAG that exists already", { timeout }, async () => {
      write([job("d_pod", "true")]);
      const broken = await deploy("--owner", "pods", "--operator", "kubernetes", "--image", "x", "--verify");
      expect([broken.code, broken.stderr]).toEqual([
        1,
        expect.stringMatching(/^✗ dagsync_d_pod\.py: ModuleNotFoundError: No module named 'airflow\.providers\.cncf/),
      ]);
      expect(broken.stdout).toMatch(/^d_pod +import error +\d{4}-/m);
      write([job(taken ?? "free", "true")]);
      if (taken !== undefined)
        expect(await deploy("--owner", "pods")).toMatchObject({
          code: 2,
          stderr: expect.stringContaining("Airflow already has a DAG of that id"),
        });
      write([]);
      const gone = await deploy("--owner", "pods");
      expect(gone.stdout).toBe("- dagsync_d_pod.py\n0 new, 0 changed, 1 removed, 0 unchanged.\n");
    });

    if (nightly) {
      test("a task that is marked as failed stops all processes of its job", { timeout }, async () => {
        write([{ ...job("d_stopped", `sleep 600 & echo $! > ${folder}/child; trap 'echo told; exit 0' TERM; wait`) }]);
        expect((await deploy("--owner", "stops", "--verify")).code).toBe(0);
        const started = { dagId: "d_stopped", dagRunId: (await dagRuns.trigger(client, "d_stopped")).dag_run_id };
        const child = () => readFileSync(join(folder, "child"), { encoding: "utf8", flag: "a+" }).trim();
        await expect.poll(child, { timeout, interval: 200 }).not.toBe("");
        const isAlive = () =>
          existsSync(`/proc/${child()}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${child()}/status`, "utf8"));
        expect(isAlive()).toBe(true);
        await taskInstances.setState(client, { ...started, taskId: "run" }, { state: "failed" });
        await expect.poll(isAlive, { timeout, interval: 200 }).toBe(false);
        const log = async () => {
          const lines = taskInstances.logs(client, { ...started, taskId: "run" }, { tryNumber: 1, follow: false });
          return (await Array.fromAsync(lines)).map(({ event }) => event);
        };
        await expect.poll(log, { timeout, interval: 1000 }).toContain("told");
        write([]);
        await deploy("--owner", "stops");
      });
    }

    if (nightly && isAtLeast(version, "3.3")) {
      test("pauses are exactly those of the file", { timeout }, async () => {
        const list = await taskInstances
          .tries(client, {
            dagId: "d_known",
            dagRunId: (await Array.fromAsync(dagRuns.list(client, { dagId: "d_known" })))[0]!.dag_run_id,
            taskId: "run",
          })
          .toArray();
        const pauses = list
          .slice(1)
          .map((each, index) => (Date.parse(each.start_date!) - Date.parse(list[index]!.end_date!)) / 1000);
        // One second, then two; the scheduler comes a little later.
        expect(pauses.map((pause, index) => pause >= index + 1)).toEqual([true, true]);
      });
    }
  });
}
