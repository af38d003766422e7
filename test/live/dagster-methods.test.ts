/** The client's short methods against real servers with a daemon. Starts all runs at once, to save time. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  assets,
  backfills,
  codeLocations,
  createDagsterClient,
  type DagsterClient,
  type DagsterMiddleware,
  instance,
  type ListRunsOptions,
  runs,
  schedules,
  sensors,
  type WaitOptions,
} from "@org/dagster-client";
import { type DagsterServer, dagsterVersion, dagsterVersions, startDagster } from "@org/testkit/servers/dagster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dagsterStories } from "../../examples/portal/dagster-stories.ts";
import { checkPartitions } from "./dagster-partitions.ts";
import { checkAsset, checkPortal } from "./dagster-portal.ts";
import { refusals } from "./dagster-refusals.ts";
import { describeLiveOn, log } from "./live.ts";

/** The newest version. At night, all of them. */
const tested = dagsterVersions.filter(({ version }) => version === dagsterVersion || process.env.NIGHTLY);

for (const { version, pythons } of tested) {
  describeLiveOn(pythons)(`the methods of the client on a real Dagster ${version}`, () => testMethods(version));
}

/** Each run needs its own process, which starts slowly on a busy machine. */
const soon: WaitOptions = { deadlineMs: 280_000, maxIntervalMs: 2000 };

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function testMethods(version: string): void {
  const isOld = version === "1.7.10";
  // The usual deployment. Only at night, since it is slow.
  const queue = Boolean(process.env.NIGHTLY);
  let server: DagsterServer;
  let client: DagsterClient;
  const started = { speak: "", slow: "", failing: "", region: "", daily: "", days: "", friday: "", both: "" };
  let materializing: Promise<readonly string[]>;

  async function example(name: string, env: Record<string, string> = {}): Promise<readonly string[]> {
    const file = fileURLToPath(new URL(`../../examples/${name}/index.ts`, import.meta.url));
    const options = { env: { ...process.env, DAGSTER_TOKEN: "", DAGSTER_URL: server.url, ...env } };
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@org/source", file], options);
    return stdout.split("\n").filter((line) => line !== "");
  }

  beforeAll(async () => {
    server = await startDagster({ log, version, locations: ["methods", "broken"], daemon: true, queue });
    client = createDagsterClient({ url: server.url });
  });
  afterAll(async () => {
    await server?.stop();
  });

  test("runs and backfills are launched, by job and by assets; schedules and sensors started", async () => {
    await schedules.start(client, "every_minute");
    for (const name of ["new_files", "broken_sensor"]) await sensors.start(client, name);
    expect((await schedules.list(client).toArray()).map((each) => each.scheduleState.status)).toEqual(["RUNNING"]);
    started.daily = await backfills.launch(client, { assets: ["daily"], partitions: ["2026-01-02", "2026-01-03"] });
    const days = { partitions: ["2026-01-01"], tags: { why: "tried" }, title: "One day" };
    started.days = await backfills.launch(client, { job: "load_day", ...days });
    const config = { ops: { greet: { config: { greeting: "good morning" } } } };
    const run = await runs.launch(client, { job: "speak", config, tags: { team: "sales" } });
    expect(run).toMatchObject({ jobName: "speak", status: queue ? "QUEUED" : "STARTING", parentRunId: null });
    started.speak = run.runId;
    started.failing = (await runs.launch(client, { job: "fails_first", location: "methods" })).runId;
    started.slow = (await runs.launch(client, { job: "slow" })).runId;
    const partition = "2026-01-02|asia";
    started.region = (await assets.materialize(client, ["by_region"], { partition })).runId;
    started.friday = (await runs.launch(client, { job: "speak_daily", partition: "2026-01-02" })).runId;
    started.both = (await runs.launch(client, { job: "load_region", partition })).runId;
    materializing = example("dagster-materialize", { ASSET: "orders" });
  });

  test("the instance: version, health, concurrency limits", async () => {
    expect(await instance.version(client)).toBe(version);
    const daemons = ["SENSOR", "SCHEDULER", "BACKFILL", ...(queue ? ["QUEUED_RUN_COORDINATOR"] : [])];
    await expect.poll(async () => (await instance.health(client)).healthy, { timeout: 280_000 }).toBe(true);
    const types = (await instance.health(client)).daemons.map(({ daemonType }) => daemonType);
    expect(types).toEqual(expect.arrayContaining(daemons));
    await instance.setConcurrencyLimit(client, "db", 2);
    expect(await instance.concurrencyLimits(client)).toMatchObject([{ concurrencyKey: "db", slotCount: 2 }]);
    await instance.removeConcurrencyLimit(client, "db");
    expect(await instance.concurrencyLimits(client)).toEqual([]);
  });

  test("code locations: why one does not load, and that it does once it is fixed", async () => {
    const [methods, broken] = await codeLocations.list(client).toArray();
    expect(methods).toMatchObject({ name: "methods", status: "loaded", libraries: { dagster: version } });
    expect(methods?.repositories[0]?.jobs).toEqual(
      expect.arrayContaining(["fails_first", "load_day", "slow", "speak"]),
    );
    expect(broken).toMatchObject({
      name: "broken",
      status: "failed",
      error: { className: "DagsterUserCodeLoadError" },
    });
    expect(broken?.error?.causes.map(({ message }) => message.trim())).toEqual([
      "RuntimeError: the configuration names no connection",
      "KeyError: 'connection'",
    ]);
    // A location that has not loaded is the first suspect for a missing job.
    await expect(runs.launch(client, { job: "nowhere" })).rejects.toMatchObject({
      typename: "PipelineNotFoundError",
      message: expect.stringContaining("These are not loaded: broken"),
    });
    const jobs =
      "@dg.job\ndef mended(): ...\n\n@dg.job\ndef slow(): ...\n\ndefs = dg.Definitions(jobs=[mended, slow])\n";
    const code = `import dagster as dg\n\n${jobs}`;
    await writeFile(join(server.home, "definitions", "broken.py"), code);
    const loaded = await codeLocations.reload(client, "broken");
    expect(loaded).toMatchObject({ status: "loaded", error: undefined });
    expect(loaded.repositories.flatMap(({ jobs }) => jobs)).toEqual(["mended", "slow"]);
    expect(await codeLocations.get(client, "broken")).toMatchObject({ status: "loaded" });
    await expect(codeLocations.reload(client, "nowhere")).rejects.toMatchObject({
      typename: "RepositoryLocationNotFound",
    });
    await expect(runs.launch(client, { job: "slow" })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
      message: expect.stringContaining("more than one job slow"),
    });
  });

  test("mistakes in a launch are distinguished and reported", async () => {
    const config = { ops: { greet: { config: { greting: "hello" } } } };
    await expect(runs.launch(client, { job: "speak", config })).rejects.toMatchObject({
      typename: "RunConfigValidationInvalid",
      message: expect.stringMatching(/unexpected config entry "greting".*Missing required config entry "greeting"/),
      configErrors: [
        { reason: "FIELD_NOT_DEFINED", path: ["ops", "greet", "config"] },
        { reason: "MISSING_REQUIRED_FIELD", path: ["ops", "greet", "config"] },
      ],
    });
    for (const [call, error] of refusals(client)) await expect.soft(call()).rejects.toMatchObject(error);
  });

  test("a run's events arrive as they happen, pushed and polled, and are the same", async () => {
    const asked: string[] = [];
    const counting = (name: string) => {
      const count: DagsterMiddleware = (_request, next) => {
        asked.push(name);
        return next();
      };
      return createDagsterClient({ url: server.url, middleware: [count] });
    };
    const [pushed, polled] = await Promise.all([
      all(runs.events(counting("pushed"), started.speak)),
      all(runs.events(counting("polled"), started.speak, { live: false, intervalMs: 500, pageSize: 5 })),
    ]);
    expect(pushed).toEqual(polled);
    expect(pushed.map((event) => event.message)).toContain("good morning");
    expect(pushed.at(0)?.__typename).toBe(queue ? "RunEnqueuedEvent" : "RunStartingEvent");
    expect(pushed.filter((event) => event.__typename === "RunSuccessEvent")).toHaveLength(1);
    const counts = ["pushed", "polled"].map((name) => asked.filter((each) => each === name).length);
    log(`${pushed.length} events: ${counts[0]} questions where they were pushed, ${counts[1]} where they were not`);
    expect(counts[0]).toBeLessThan(counts[1] ?? 0);

    const [first] = await all(runs.events(client, started.speak, { follow: false, pageSize: 3 }).pages());
    expect(first?.items).toEqual(pushed.slice(0, 3));
    const pageToken = first?.nextPageToken ?? "";
    expect(await all(runs.events(client, started.speak, { pageToken }))).toEqual(pushed.slice(3));
    expect(await runs.events(client, started.speak).count()).toBe(pushed.length);

    expect((await runs.wait(client, started.speak, soon)).status).toBe("SUCCESS");
    const found = await runs.get(client, started.speak);
    expect(found.runConfigYaml).toContain("greeting: good morning");
    expect(typeof found.creationTime).toBe(isOld ? "undefined" : "number");
    const ids = (options: ListRunsOptions) => all(runs.list(client, options)).then((all) => all.map((r) => r.runId));
    expect(await ids({ tags: { team: "sales" } })).toEqual([started.speak]);
    expect(await ids({ job: "speak", statuses: ["SUCCESS"], pageSize: 1 })).toEqual([started.speak]);
    expect(await ids({ runIds: [] })).toEqual([]);
  }, 300_000);

  test("the first screens of a portal: pages, counts, steps, output, jobs, upcoming ticks", async () => {
    await checkPortal(client, started.speak, version);
  }, 300_000);

  test("examples/portal gets an answer to every story", async () => {
    for (const [name, story] of Object.entries(dagsterStories)) {
      expect(await story(client, { runId: started.speak }, {}), name).toBeDefined();
    }
  });

  test("a run is terminated while it is running, and deleted", async () => {
    for await (const { message } of runs.events(client, started.slow)) if (message === "sleeping") break;
    await runs.terminate(client, started.slow);
    expect((await runs.wait(client, started.slow, soon)).status).toBe("CANCELED");
    await expect(runs.terminate(client, started.slow)).rejects.toMatchObject({ typename: "TerminateRunFailure" });
    await runs.delete(client, started.slow);
    await expect(runs.get(client, started.slow)).rejects.toMatchObject({ typename: "RunNotFoundError" });
  }, 300_000);

  test("examples/dagster-restart-failed restarts failed runs from the failure, and only once", async () => {
    expect((await runs.wait(client, started.failing, soon)).status).toBe("FAILURE");
    const failure = (await all(runs.events(client, started.failing))).find((event) => event.error);
    expect(failure).toMatchObject({ __typename: "ExecutionStepFailureEvent", stepKey: "second", level: "ERROR" });
    expect(failure?.error?.causes.map(({ message }) => message.trim())).toEqual([
      "RuntimeError: could not write",
      "ValueError: the disk is full",
    ]);
    const lines = await example("dagster-restart-failed", { JOB: "fails_first" });
    const [, again = ""] =
      new RegExp(`^fails_first: ${started.failing} continues as (\\S+)$`).exec(lines.join("\n")) ?? [];
    expect((await runs.wait(client, again, soon)).status).toBe("SUCCESS");
    expect(await runs.get(client, again)).toMatchObject({
      parentRunId: started.failing,
      stepKeysToExecute: ["second"],
    });
    expect(await example("dagster-restart-failed", { JOB: "fails_first" })).toEqual([]);
    const tagged = runs.reexecute(client, again, { strategy: "ALL_STEPS", tags: { why: "asked" } });
    if (isOld) {
      await expect(tagged).rejects.toMatchObject({
        code: "SERVER_TOO_OLD",
        message: expect.stringContaining("lacks ReexecutionParams.extraTags (which Dagster 1.10.21 has)"),
      });
    } else {
      const run = await tagged;
      expect(run.tags).toContainEqual({ key: "why", value: "asked" });
      expect((await runs.wait(client, run.runId, soon)).status).toBe("SUCCESS");
    }
  }, 300_000);

  test("examples/dagster-materialize materializes an asset; it is listed with its metadata, and wiped", async () => {
    const lines = await materializing;
    expect(lines).toEqual(
      expect.arrayContaining(["INFO orders three orders", "DEBUG orders Materialized value orders."]),
    );
    expect(lines.join("\n")).toMatch(/orders: SUCCESS \{\s+rows: 3,\s+rate: 0.5,\s+source: 'shop',\s+whole: true,/);
    const { definition, latest } = await assets.get(client, "orders");
    expect(definition).toMatchObject({ description: "Orders of the day.", groupName: "sales", isPartitioned: false });
    expect(definition?.kinds).toEqual(isOld ? undefined : []);
    expect(assets.metadataOf(latest?.metadataEntries)).toMatchObject({ rows: 3, raw: { a: [1] } });
    expect(await assets.materializations(client, "orders").toArray()).toEqual([latest]);
    expect(await assets.materializations(client, "orders", { before: latest?.timestamp }).toArray()).toEqual([]);
    const paths = (await assets.list(client).toArray()).map(({ key }) => key.path.join("/"));
    expect(paths).toEqual(["by_region", "daily", "orders", "reports/summary"]);
    expect((await assets.list(client, { prefix: "reports" }).toArray()).map(({ latest }) => latest)).toEqual([
      undefined,
    ]);
    await checkAsset(client);
    await assets.wipe(client, "orders");
    expect(await assets.get(client, ["orders"])).toMatchObject({ latest: undefined });
    expect(await assets.partitions(client, "orders")).toEqual([]);
  }, 300_000);

  test("backfills of assets and of a job end, and each partition's result is known", async () => {
    await checkPartitions(client, started, { isOld, takesConfig: version === dagsterVersion, patience: soon });
  }, 300_000);

  test("ticks of schedules and sensors report their results, and both can be stopped", async () => {
    const ticked = async () => (await all(sensors.ticks(client, "broken_sensor", { statuses: ["FAILURE"] }))).length;
    await expect.poll(ticked, { timeout: 240_000, interval: 1000 }).toBeGreaterThan(1);
    for (const name of ["broken_sensor", "new_files"]) {
      // A tick in progress writes back the state that it started with.
      const stopped = async () => {
        await sensors.stop(client, name);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return (await sensors.get(client, name)).sensorState.status;
      };
      await expect.poll(stopped, { timeout: 120_000 }).toBe("STOPPED");
    }
    const skips = () => all(schedules.ticks(client, "every_minute", { statuses: ["SKIPPED"] }));
    await expect.poll(async () => (await skips()).length, { timeout: 240_000, interval: 1000 }).toBeGreaterThan(0);
    await schedules.stop(client, "every_minute");
    expect((await schedules.get(client, "every_minute")).scheduleState.status).toBe("STOPPED");
    expect((await sensors.list(client).toArray()).map(({ name }) => name)).toEqual(["broken_sensor", "new_files"]);
    const failed = await all(sensors.ticks(client, "broken_sensor", { statuses: ["FAILURE"], pageSize: 1 }));
    expect(failed.length).toBeGreaterThan(1);
    expect(new Set(failed.map(({ tickId }) => tickId)).size).toBe(failed.length);
    expect(failed[0]?.error?.causes[0]?.message).toContain("the folder is gone");
    const skipped = await all(sensors.ticks(client, "new_files", { statuses: ["SKIPPED"] }));
    expect(skipped[0]).toMatchObject({ status: "SKIPPED", skipReason: "no files", cursor: "7", runIds: [] });
    expect((await skips())[0]).toMatchObject({ skipReason: "not now" });
  }, 900_000);
}
