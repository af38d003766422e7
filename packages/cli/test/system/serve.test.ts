/** `dagsync serve`: how it begins, follows syncs and ends. What it answers is tested in insights. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { duckdb } from "@org/destination/duckdb";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { serve } from "@org/testkit/cli/serving";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { closedPort, dagsync, listen, temporaryFolder, until } from "../helpers.ts";

afterEach(() => void vi.unstubAllEnvs());

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };

const textOf = async (url: string) => (await fetch(url)).text();
const jsonOf = async (url: string) => (await fetch(url)).json() as Promise<Record<string, unknown>>;

/** A simulator, and a command that syncs it into a place. */
async function airflow() {
  const simulator = await until(startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 2, days: 2 }) }));
  const sync = async (to: string) => {
    const outcome = await dagsync(["sync", "--from", `airflow:${simulator.url}`, "--to", to, "--pipeline", "prod"], {
      env,
    });
    expect(outcome.code, outcome.stderr).toBe(0);
  };
  return { ...simulator, sync };
}

/** Where temporary files of a test go, so that it sees what is left. */
function ownTemporaryFolder(): string {
  const folder = join(temporaryFolder(), "temporary");
  mkdirSync(folder);
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, folder);
  return folder;
}

test("prints its address, serves a DuckDB file from a copy while a sync holds it, and leaves nothing behind", async () => {
  const { world, sync } = await airflow();
  const file = join(temporaryFolder(), "o.duckdb");
  const temporary = ownTemporaryFolder();
  await sync(`duckdb:${file}`);
  const { url, written, stop } = await serve(["--at", `duckdb:${file}`]);
  expect(written.stdout).toMatch(
    /^Serving duckdb:\S+o\.duckdb\nhttp:\/\/127\.0\.0\.1:\d+\/ .*\n\S+\/api\/ .*\n\S+\/metrics .*\n$/,
  );
  expect(written.stderr).toBe("");
  expect(await textOf(url)).toContain(`<h1>duckdb:${file}</h1>`);
  const { asOf } = await jsonOf(`${url}status.json`);

  const session = await duckdb(file).open({ pipeline: "prod" });
  // Nobody asked this before.
  expect((await fetch(`${url}api/success_rate.json?days=3`)).status).toBe(200);
  await session.close();

  world.advance(60_000);
  await sync(`duckdb:${file}`);
  await expect.poll(async () => (await jsonOf(`${url}status.json`)).asOf).not.toBe(asOf);
  expect(await textOf(`${url}metrics`)).toContain("\ndagsync_up 1\n");
  expect(await stop()).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(temporary)).toEqual([]);
  await expect(fetch(url)).rejects.toThrow();
});

test("reads a DuckDB file's own copy for readers directly", async () => {
  const { world, sync } = await airflow();
  const folder = temporaryFolder();
  const temporary = ownTemporaryFolder();
  const place = `duckdb:${join(folder, "o.duckdb")}?copy=${join(folder, "readers.duckdb")}`;
  await sync(place);
  const { url } = await serve(["--at", place]);
  const before = await jsonOf(`${url}status.json`);
  const session = await duckdb(join(folder, "o.duckdb")).open({ pipeline: "prod" });
  expect((await fetch(`${url}api/success_rate.json`)).status).toBe(200);
  await session.close();
  world.advance(60_000);
  await sync(place);
  await expect.poll(async () => (await jsonOf(`${url}status.json`)).stamp).not.toBe(before.stamp);
  expect(readdirSync(temporary)).toEqual([]);
});

test("starts before there is any data, and shows it once there is", async () => {
  const { sync } = await airflow();
  for (const scheme of ["sqlite", "duckdb"]) {
    const place = `${scheme}:${join(temporaryFolder(), "later")}`;
    const { url, written } = await serve(["--at", place]);
    expect(written.stderr).toMatch(
      /^dagsync: Nothing to show yet\. .* does not exist: .* as soon as a sync has run\.\n$/,
    );
    expect((await fetch(url)).status).toBe(503);
    await sync(place);
    await expect.poll(async () => (await fetch(url)).status).toBe(200);
  }
});

test("--sync-every also syncs, reports failures and continues", async () => {
  const { url: server, faults, world } = await airflow();
  const folder = temporaryFolder();
  const config = join(folder, "dagsync.yaml");
  writeFileSync(
    config,
    `sources:
  a: { kind: airflow, url: "${server}", username: admin, password: admin }
  gone: { kind: dagster, url: "http://${await closedPort()}" }
destinations: { here: "duckdb:o.duckdb" }
pipelines: [{ name: prod, from: a, to: here }, { name: lost, from: gone, to: here }]\n`,
  );
  const { url, written, stop } = await serve(["--config", config, "--sync-every", "1s"]);
  await expect.poll(async () => (await fetch(url)).status).toBe(200);
  await expect
    .poll(async () => (await jsonOf(`${url}status.json`)).problem)
    .toMatch(/^lost: Not everything was synced\. .*127\.0\.0\.1/);
  const metrics = await textOf(`${url}metrics`);
  expect(metrics).toMatch(/\ndagsync_sync_success_timestamp_seconds\{pipeline="lost"\} 0\n/);
  expect(metrics).toMatch(/\ndagsync_syncs_total\{pipeline="prod",outcome="success"\} [1-9]/);
  expect(metrics).toMatch(/\ndagsync_syncs_total\{pipeline="lost",outcome="failed"\} [1-9]/);
  expect(written.stderr).toMatch(/^\S+Z {2}prod: synced in .*: \d[\d,]* new, 0 changed, 0 deleted$/m);
  expect(written.stderr).toMatch(/^\S+Z {2}lost: Not everything was synced\.$/m);

  // A sync that fails ends nothing, and the next one mends it.
  faults.push({ status: 503 });
  await expect.poll(async () => (await jsonOf(`${url}status.json`)).problem).toContain("prod: Not everything");
  world.advance(120_000);
  await expect.poll(async () => (await jsonOf(`${url}status.json`)).problem).not.toContain("prod: Not everything");
  expect((await stop()).code).toBe(0);
});

test("serves a configuration's pipelines, with their servers and expected deadlines", async () => {
  const { url: server, sync } = await airflow();
  const folder = temporaryFolder();
  const place = `sqlite:${join(folder, "o.sqlite")}`;
  await sync(place);
  const config = join(folder, "dagsync.yaml");
  writeFileSync(
    config,
    `sources: { a: { kind: airflow, url: "${server}" } }
destinations: { here: "${place}" }
pipelines: [{ name: prod, from: a, to: here }, { name: not_yet, from: a, to: here, prefix: n_ }]
expect: [{ dag: load_orders, within: 1s }]\n`,
  );
  const { url } = await serve(["--config", config]);
  expect(await textOf(url)).toContain(`<a href="${server}/dags/`);
  const { rows } = await jsonOf(`${url}api/deadline_misses.json?days=30`);
  expect(rows).toEqual([expect.objectContaining({ name: "load_orders" })]);
});

test("names a port in use, and invalid options", async () => {
  const place = `sqlite:${join(temporaryFolder(), "o.sqlite")}`;
  const [, taken = ""] = (await listen((_, response) => void response.end())).split(":");
  for (const [args, message] of [
    [["--port", taken], `Port ${taken} of 127.0.0.1 is in use`],
    [["--port", "70000"], "--port must be a whole number from 0 to 65535"],
    [["--port", "s3cret"], "--port must be"],
    [["--host", "192.0.2.1", "--port", "0"], "--host is not an address of this machine (EADDRNOTAVAIL)"],
    [["--allow-host", "https://a.example"], "--allow-host takes host names"],
    [["--sync-every", "5m"], "--sync-every syncs pipelines in a configuration"],
    [["--sync-every", "off"], "--sync-every is not a duration"],
    [["--sync-every", "0.5s"], "--sync-every must be from 1s to 24d"],
    [["--days", "s3cret"], "--days must be a number"],
    [["--config", "x.yaml"], "use --config only with the name of a pipeline"],
  ] as const) {
    const { code, stdout, stderr } = await dagsync(["serve", "--at", place, ...args]);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("s3cret");
  }
});

test("an invalid time zone ends it before it serves", async () => {
  const { sync } = await airflow();
  const place = `sqlite:${join(temporaryFolder(), "o.sqlite")}`;
  await sync(place);
  const { code, stderr } = await dagsync(["serve", "--at", place, "--port", "0", "--timezone", "Mars/Base"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("write an IANA name")]);
});

test("rejects at once what cannot be served: another file, another kind of destination", async () => {
  const file = join(temporaryFolder(), "notes.txt");
  writeFileSync(file, "not a database, but long enough to have a header");
  for (const scheme of ["duckdb", "sqlite"]) {
    const { code, stderr } = await dagsync(["serve", "--at", `${scheme}:${file}`, "--port", "0"]);
    expect([scheme, code]).toEqual([scheme, 2]);
    expect(stderr).toContain("notes.txt");
  }
});

test("warns about a host other than this machine, and accepts further names", async () => {
  const { written, url } = await serve([
    "--at",
    `sqlite:${join(temporaryFolder(), "o")}`,
    "--host",
    "0.0.0.0",
    "--allow-host",
    "reports.example.com",
  ]);
  expect(written.stderr).toMatch(/Anyone who can reach this address can read .*\nThere is no login and no encryption/);
  const { port } = new URL(url);
  const statusAs = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      get({ port, host: "127.0.0.1", path: "/api/", headers: { host }, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on("error", reject);
    });
  expect(await statusAs("reports.example.com")).toBe(200);
  expect(await statusAs("evil.example.com")).toBe(403);
});

test.runIf(process.platform !== "win32").each(["SIGINT", "SIGTERM"] as const)(
  "%s ends the process at once with 0, whatever connections are open and whatever is being synced",
  async (signal) => {
    const simulator = await until(startDagsterSimulator());
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "dagsync.yaml"),
      `sources: { a: { kind: dagster, url: "${simulator.url}" } }
destinations: { here: "duckdb:o.duckdb" }
pipelines: [{ from: a, to: here }]\n`,
    );
    const isStalled = Promise.withResolvers<void>();
    simulator.faults.push({ match: () => true, before: () => isStalled.resolve(), stall: "headers" });
    const bin = fileURLToPath(new URL("../../src/bin.ts", import.meta.url));
    const args = ["serve", "--config", join(folder, "dagsync.yaml"), "--port", "0", "--sync-every", "5m"];
    const child = spawn(process.execPath, ["--conditions=@org/source", bin, ...args], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const [written] = await once(child.stdout.setEncoding("utf8"), "data");
    const { port } = new URL(/http:\S+/.exec(String(written))![0]);
    // One that is kept alive, one that has sent nothing, one that is half sent.
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await new Promise<void>((resolve, reject) => {
      get({ port, agent, path: "/status.json" }, (response) => response.resume().on("end", resolve)).on(
        "error",
        reject,
      );
    });
    const sockets = [connect(Number(port)), connect(Number(port))];
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    for (const socket of sockets) socket.on("error", () => undefined);
    sockets[1]!.write("GET / HTTP/1.1\r\nhost: local");
    await isStalled.promise;
    child.kill(signal);
    const [code] = await once(child, "close");
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("this is a bug") });
    expect(existsSync(join(folder, "o.duckdb.wal"))).toBe(false);
  },
);
