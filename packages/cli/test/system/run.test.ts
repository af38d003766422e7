import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Io, main } from "@org/cli";
import { expect, onTestFinished, test } from "vitest";
import { dagsync, isRunning, temporaryFolder } from "../helpers.ts";

/** Writes a runner.yaml with these schedules. @returns the arguments to use it */
function runner(...schedules: readonly object[]) {
  const folder = temporaryFolder();
  const file = join(folder, "runner.yaml");
  const write = (all: readonly object[]) =>
    writeFileSync(file, JSON.stringify({ runner: { orchestrator: { schedules: all } } }));
  write(schedules);
  const state = ["--state", `sqlite:${join(folder, "state.sqlite")}`];
  return { folder, write, state, args: ["--config", file, ...state] };
}

const often = (name: string, job: object, change: object = {}) => ({ name, interval_seconds: 1, job, ...change });

type Line = Record<string, unknown>;

/** Runs `dagsync run` in this process until stopped, or until the test ends. */
function start(args: readonly string[], io: Partial<Io> = {}) {
  const controller = new AbortController();
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let stderr = "";
  const ended = main(["run", ...args], {
    stdout: {
      write(text: string) {
        for (const line of text.trim().split("\n")) lines.push(JSON.parse(line));
        for (const check of waiting) check();
      },
    },
    stderr: {
      write(text: string) {
        stderr += text;
      },
    },
    env: { PATH: process.env.PATH },
    signal: controller.signal,
    ...io,
  });
  const stop = async () => {
    controller.abort();
    return { code: await ended, stderr };
  };
  onTestFinished(async () => void (await stop()));
  /** Resolves to the first matching line, now or later. */
  const line = (is: (line: Line) => boolean) =>
    new Promise<Line>((resolve) => {
      const check = () => {
        const found = lines.find(is);
        if (!found) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  return { lines, line, stop };
}

const is = (event_type: string, job_name?: string) => (line: Line) =>
  line.event_type === event_type && (job_name === undefined || line.job_name === job_name);

test("runs due jobs, logs the original's fields, and keeps history and output", async () => {
  const command = "echo out; echo err >&2; echo $DAGSYNC_JOB $DAGSYNC_TENANT $DAGSYNC_ATTEMPT";
  const { args, state } = runner(
    often("a", { command, tenant_id: "acme", connector_type: "stripe" }, { tags: { team: "data" } }),
  );
  const running = start(args);
  const finished = await running.line(is("job_finished"));
  expect(finished).toMatchObject({
    ...{
      level: "INFO",
      job_name: "a",
      tenant_id: "acme",
      connector_type: "stripe",
      attempt: 1,
      tags: { team: "data" },
    },
    execution_time_seconds: expect.any(Number),
    slot: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
  });
  const output = running.lines.filter((line) => is("job_output")(line) && line.slot === finished.slot);
  expect(output.map(({ stream, message }) => [stream, message])).toEqual(
    expect.arrayContaining([
      ["stdout", "out"],
      ["stderr", "err"],
      ["stdout", "a acme 1"],
    ]),
  );
  expect((await running.stop()).code).toBe(0);
  const history = await dagsync(["run", "history", ...state, "--json"]);
  const runs = history.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(runs).toContainEqual(
    expect.objectContaining({ job_name: "a", slot: finished.slot, state: "succeeded", exit_code: 0 }),
  );
  const logs = await dagsync(["run", "logs", "a", ...state, "--for", String(finished.slot)]);
  expect(logs.stdout).toContain("a acme 1\n");
});

test("a sync job runs this same command", async () => {
  const { args } = runner({ name: "a", interval_seconds: 86_400, job: { sync: "--help" } });
  const bin = new URL("../../src/bin.ts", import.meta.url).pathname;
  const argv = process.argv[1]!;
  process.argv[1] = bin;
  onTestFinished(() => {
    process.argv[1] = argv;
  });
  const { code, stdout } = await dagsync(["run", "--once", "a", ...args]);
  expect(code).toBe(0);
  expect(stdout).toContain("Usage: dagsync sync");
});

test("--once runs a job now, retries it as its file says, and exits with its exit code", async () => {
  const { args, folder, state } = runner(
    { name: "no", cron: "0 0 1 1 *", job: { command: "exit 7" } },
    {
      name: "later",
      cron: "0 0 1 1 *",
      job: { command: `echo x >> n; test $(wc -l < n) -ge 3`, retry_config: { initial_delay_seconds: 0 } },
    },
    { name: "off", enabled: false, cron: "@daily", job: { command: "true" } },
  );
  const io = { env: { PATH: process.env.PATH } };
  expect((await dagsync(["run", "--once", "no", ...args], io)).code).toBe(7);
  const cwd = process.cwd();
  process.chdir(folder);
  onTestFinished(() => process.chdir(cwd));
  expect((await dagsync(["run", "--once", "later", ...args], io)).code).toBe(0);
  expect(readFileSync(join(folder, "n"), "utf8")).toBe("x\nx\nx\n");
  const { stdout } = await dagsync(["run", "history", ...state]);
  expect(stdout).toMatch(/\(requested\) +later +succeeded +3 +0/);
  expect(await dagsync(["run", "--once", "latr", ...args])).toMatchObject({
    code: 2,
    stderr: 'dagsync: There is no such schedule. Did you mean "later"?\n',
  });
  expect((await dagsync(["run", "--once", "off", ...args])).stderr).toBe(
    "dagsync: That schedule is disabled: set enabled: true.\n",
  );
});

test("mode oneshot runs each enabled schedule once", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "runner.yaml");
  const schedules = [
    often("a", { command: "true" }),
    often("b", { command: "exit 1" }),
    often("c", { command: "true" }, { enabled: false }),
  ];
  writeFileSync(file, JSON.stringify({ runner: { mode: "oneshot", orchestrator: { schedules } } }));
  const { code, stdout } = await dagsync(["run", "--config", file, "--state", `sqlite:${folder}/s.sqlite`], {
    env: { PATH: process.env.PATH },
  });
  expect(code).toBe(1);
  const ends = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ event_type }) => /finished|error/.test(event_type));
  expect(ends.map(({ job_name, event_type }) => [job_name, event_type])).toEqual([
    ["a", "job_finished"],
    ["b", "job_error"],
  ]);
});

test("picks up an edited file while running, and keeps the old one after a mistake", async () => {
  const a = often("a", { command: "echo a" });
  const { args, write } = runner(a);
  const running = start(args);
  await running.line(is("job_finished", "a"));
  write([{ ...a, cron: "@daily" }]);
  expect(await running.line(is("schedule_config_error"))).toMatchObject({
    message: expect.stringContaining("not both: remove one"),
  });
  write([{ ...a, enabled: false }, often("b", { command: "echo b" })]);
  await running.line(is("job_finished", "b"));
  expect(await running.line(is("schedules_changed"))).toMatchObject({
    message: expect.stringContaining("schedules enabled: 1, disabled: 1"),
  });
});

test("a stopped job and its children get SIGTERM, and the next runner runs it again", async () => {
  const command = "trap 'echo bye; exit 3' TERM; sleep 60 & echo up $!; wait";
  const { args, state } = runner(often("a", { command }));
  const running = start(args);
  const up = await running.line((line) => is("job_output")(line) && /^up/.test(String(line.message)));
  expect((await running.stop()).code).toBe(0);
  expect(running.lines.filter(is("job_output")).at(-1)).toMatchObject({ message: "bye" });
  expect(isRunning(Number(String(up.message).slice(3)))).toBe(false);
  const { stdout } = await dagsync(["run", "history", ...state]);
  expect(stdout).toMatch(/ a +queued +1/);
});

test("serves its health and metrics", async () => {
  const { args } = runner(often("a", { command: "exit 4" }));
  const running = start([...args, "--port", "0"]);
  const [url] = /http:\S+\/(?=healthz)/.exec(String((await running.line(is("runner_started"))).message))!;
  await running.line(is("job_error"));
  const health = await fetch(`${url}healthz`);
  expect([health.status, await health.json()]).toEqual([200, { ok: true }]);
  const metrics = await (await fetch(`${url}metrics`)).text();
  expect(metrics).toMatch(/^dagsync_runner_up 1$/m);
  expect(metrics).toMatch(/^dagsync_runner_runs\{schedule="a",state="failed"\} [1-9]/m);
  expect(metrics).toMatch(/^dagsync_runner_last_run_succeeded\{schedule="a"\} 0$/m);
  expect((await fetch(`${url}elsewhere`)).status).toBe(404);
  expect((await fetch(`${url}metrics`, { method: "POST" })).status).toBe(405);
});

test("--plan prints upcoming runs without running anything", async () => {
  const { args } = runner({
    name: "nightly",
    cron: "30 2 * * *",
    timezone: "Europe/Berlin",
    job: { command: "exit 1", tenant_id: "acme" },
  });
  const { code, stdout } = await dagsync(["run", "--plan", "3d", ...args]);
  expect(code).toBe(0);
  expect(stdout.trim().split("\n")).toHaveLength(5);
  expect(stdout).toMatch(/\d{4}-\d\d-\d\d 0[23]:[03]0 \+0[12]:00 +Europe\/Berlin +nightly +acme/);
  expect(stdout).toMatch(/^when +time zone +schedule +tenant\n/);
  const often = runner({ name: "often", cron: "*/5 * * * *", job: { command: "true" } });
  const plain = await dagsync(["run", "--plan", "2d", ...often.args]);
  expect(plain.stdout).toMatch(/^when +until +schedule\n/);
  expect(plain.stdout).toMatch(/ 00:00 \+00:00 {2}23:55, 288 times {2}often\n/);
  expect(await dagsync(["run", "--plan", "2000d", ...args])).toMatchObject({
    code: 2,
    stderr: "dagsync: --plan must be at most 366d.\n",
  });
});

test("reports an unreadable file before running anything", async () => {
  const { args } = runner(often("a", { sync: "a" }, { timezone: "Nowhere" }));
  expect(await dagsync(["run", ...args])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("must be an IANA name"),
  });
  const none = await dagsync(["run", "--config", "nowhere.yaml"]);
  expect(none).toMatchObject({
    code: 2,
    stderr: "dagsync: There is no file nowhere.yaml. Name another with --config.\n",
  });
});
