import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { main } from "@org/cli";
import { createEmptyAirflowWorld, startAirflowSimulator } from "@org/simulators/internal";
import { airflowTables, defaultAirflowTables } from "@org/sources/airflow";
import { hosted } from "@org/testkit/cli/hosted";
import { configuredCatalog, messagesIn } from "@org/testkit/cli/tiny-host";
import { expect, test } from "vitest";
import { WrittenRows } from "../src/outlets/written-rows.ts";
import { dagsync, temporaryFolder, until } from "./helpers.ts";

const streams = airflowTables.map(({ name }) => name);

test("each stream of Airbyte has its statuses in order, and its states count its records", async () => {
  const { read } = await hosted("airflow", "airbyte");
  const messages = messagesIn((await read()).stdout);
  const statuses = messages.flatMap(({ trace }) => trace?.stream_status ?? []);
  expect(statuses.map(({ stream_descriptor: { name }, status }) => `${name} ${status}`)).toEqual(
    streams.flatMap((name) => ["STARTED", "RUNNING", "COMPLETE"].map((status) => `${name} ${status}`)),
  );
  for (const name of streams) {
    let records = 0;
    for (const { type, record, state } of messages) {
      if (type === "RECORD" && record.stream === name) records += 1;
      if (type !== "STATE" || state.stream.stream_descriptor.name !== name) continue;
      expect(state.sourceStats).toEqual({ recordCount: records });
      records = 0;
    }
    // No record without a state after it.
    expect(records).toBe(0);
  }
});

test("a tap writes a schema before the records of a stream, which have its columns", async () => {
  const { read } = await hosted("airflow", "singer");
  const messages = messagesIn((await read()).stdout);
  const schemas = new Map<string, { schema: { properties: object }; key_properties: string[] }>();
  for (const message of messages) {
    if (message.type === "SCHEMA") schemas.set(message.stream, message as never);
    if (message.type !== "RECORD") continue;
    const { schema, key_properties: keys } = schemas.get(message.stream)!;
    expect(Object.keys(message.record)).toEqual(Object.keys(schema.properties));
    for (const key of keys) expect(message.record[key]).not.toBeNull();
  }
  // Without a selection of its own, a host gets the default streams.
  expect([...schemas.keys()]).toEqual(defaultAirflowTables.map(({ name }) => name));
});

/** Reads one DAG's run that has odd values. */
async function oddRun(values: { readonly note?: string; readonly conf?: object }) {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "odd" });
  world.addRun(dag, { runId: "plain" });
  world.addRun(dag, { runId: "odd", ...(values as object) });
  const simulator = await until(startAirflowSimulator({ world }));
  const config = join(temporaryFolder(), "config.json");
  writeFileSync(config, JSON.stringify({ kind: "airflow", url: simulator.url, username: "admin", password: "admin" }));
  const outcome = await dagsync(["read", "--format", "singer", "--config", config]);
  const records = messagesIn(outcome.stdout).filter(({ stream, type }) => type === "RECORD" && /runs/.test(stream));
  return { ...outcome, record: records.find(({ record }) => record.dag_run_id === "odd")?.record, records };
}

test("JSON is text with all its digits, NUL becomes U+FFFD, and invisible characters arrive as they are", async () => {
  const conf = { z: [1, { "a\0b": "\u0000" }], a: "\u202e::set-env ##[x]" };
  const { record } = await oddRun({ conf, note: "a\0b \u2028 ##[group] \u{1f600}" });
  expect(record.conf).toBe(JSON.stringify({ a: conf.a, z: conf.z }));
  expect(record.note).toBe("a\ufffdb \u2028 ##[group] \u{1f600}");
});

test("a row with half a surrogate pair is skipped and reported, and the run succeeds and tries it again", async () => {
  const { code, record, records, stderr, stdout } = await oddRun({ note: "half \ud83d" });
  expect({ code, record }).toEqual({ code: 0, record: undefined });
  // Once, although the window after the history reads it again.
  expect(records.map(({ record }) => record.dag_run_id)).toEqual(["plain"]);
  expect(stderr).toMatch(/ERROR skipped: .*dag_run_id "odd".*column note: half a surrogate pair/);
  const bookmarks = messagesIn(stdout).at(-1)!.value.bookmarks;
  expect(JSON.stringify(bookmarks.airflow_dag_runs.value.unstored)).toContain("odd");
});

test("a row of megabytes is one line", async () => {
  const { record } = await oddRun({ note: "x".repeat(5_000_000) });
  expect(record.note).toHaveLength(5_000_000);
});

test("only chosen columns are written, keys aside", async () => {
  const { host, config } = await hosted("airflow", "airbyte");
  const json_schema = { properties: { dag_id: {}, state: {}, gone_column: {} } };
  const catalog = { streams: [{ stream: { name: "airflow_dag_runs", json_schema }, sync_mode: "incremental" }] };
  const read = await dagsync(host.readArgs(config, catalog));
  expect(read.code).toBe(0);
  const { record } = messagesIn(read.stdout).find(({ type }) => type === "RECORD")!;
  expect(Object.keys(record.data)).toEqual(["dag_id", "dag_run_id", "state"]);

  const excluded = [{ breadcrumb: [], metadata: { selected: true } }];
  const without = { breadcrumb: ["properties", "conf"], metadata: { selected: false } };
  const key = { breadcrumb: ["properties", "dag_id"], metadata: { selected: false } };
  const entry = { tap_stream_id: "airflow_dag_runs", metadata: [...excluded, without, key] };
  const other = { tap_stream_id: "airflow_dags", metadata: [{ breadcrumb: [], metadata: { selected: false } }] };
  const files = [
    "--config",
    host.write("config.json", config),
    "--properties",
    host.write("p.json", { streams: [entry, other] }),
  ];
  const tap = messagesIn((await dagsync(["read", "--format", "singer", ...files])).stdout);
  expect(tap.flatMap(({ type, stream }) => (type === "SCHEMA" ? stream : []))).toEqual(["airflow_dag_runs"]);
  const columns = Object.keys(tap.find(({ type }) => type === "RECORD")!.record);
  expect(columns).toContain("dag_id");
  expect(columns).not.toContain("conf");
});

test("a full refresh begins anew once it was complete, and goes on where it was interrupted", async () => {
  const { host, config, world } = await hosted("airflow", "airbyte");
  const found = await dagsync(["read", "--format", "airbyte", "discover", "--config", host.write("c.json", config)]);
  const catalog = configuredCatalog(found.stdout, "full_refresh");
  const read = async (states?: number) => {
    const { stdout } = await dagsync(host.readArgs(config, catalog));
    host.keep(stdout, states);
    return messagesIn(stdout).filter(({ record }) => record?.stream === "airflow_dag_runs").length;
  };
  const all = await read();
  expect(await read()).toBe(all);
  const times = world.runs().map(({ runAfter }) => runAfter);
  const middle = new Date((Math.min(...times) + Math.max(...times)) / 2000);
  const before = middle.toISOString().replace("Z", "000Z");
  host.changeState((state) => {
    const value = state.value as { data: { position?: unknown; timezones?: unknown } };
    if (value.data.timezones === undefined)
      state.value = { ...value, data: { history: { start: value.data.position, before } } };
  });
  const rest = await read();
  expect(rest).toBeGreaterThan(0);
  expect(rest).toBeLessThan(all);
});

test("a tap's full table has a version, which is activated once all of it was written", async () => {
  const { host, config } = await hosted("airflow", "singer");
  const metadata = [{ breadcrumb: [], metadata: { selected: true, "replication-method": "FULL_TABLE" } }];
  const catalog = { streams: [{ tap_stream_id: "airflow_dag_runs", metadata }] };
  const read = async () => {
    const { stdout } = await dagsync(host.readArgs(config, catalog));
    host.keep(stdout);
    return messagesIn(stdout).filter(({ type }) => type === "RECORD" || type === "ACTIVATE_VERSION");
  };
  const [first, second] = [await read(), await read()];
  for (const messages of [first, second]) {
    expect(messages.at(-1)!.type).toBe("ACTIVATE_VERSION");
    expect(new Set(messages.map(({ version }) => version)).size).toBe(1);
  }
  expect(second.length).toBe(first.length);
  expect(second[0]!.version).toBeGreaterThan(first[0]!.version);
});

test("a tap goes on from a state that the host passes as the whole message, and says if a catalog selects nothing", async () => {
  const { host, config } = await hosted("airflow", "singer");
  const read = (...more: string[]) =>
    dagsync(["read", "--format", "singer", "--config", host.write("c.json", config), ...more]);
  const state = messagesIn((await read()).stdout).findLast(({ type }) => type === "STATE");
  const next = await read("--state", host.write("s.json", state));
  expect(next.stderr).toMatch(/dag_runs: reading what changed/);
  const entry = { tap_stream_id: "airflow_dags", metadata: [{ breadcrumb: [], metadata: { selected: "false" } }] };
  const none = await read("--catalog", host.write("catalog.json", { streams: [entry] }));
  expect(none).toEqual({ code: 0, stdout: "", stderr: expect.stringMatching(/^WARN .* selects no stream/) });
});

test("check fails if the store is no database", async () => {
  const { host, config } = await hosted("airflow", "airbyte");
  const store = join(host.folder, "notes.txt");
  writeFileSync(store, "to do: buy milk\n".repeat(100));
  const { stdout } = await dagsync([
    ...["read", "--format", "airbyte", "check"],
    ...["--config", host.write("c.json", { ...config, store })],
  ]);
  expect(messagesIn(stdout).at(-1)).toMatchObject({
    connectionStatus: { status: "FAILED", message: expect.stringMatching(/notes\.txt/) },
  });
});

test("no more is written than a slow host takes", async () => {
  const { args } = await hosted("airflow", "airbyte");
  let most = 0;
  const stdout = new Writable({
    highWaterMark: 16 * 1024,
    write(_chunk, _encoding, done) {
      most = Math.max(most, stdout.writableLength);
      setImmediate(done);
    },
  });
  expect(await main(args(), { stdout, stderr: { write() {} }, env: {} })).toBe(0);
  expect(most).toBeGreaterThan(16 * 1024);
  expect(most).toBeLessThan(256 * 1024);
});

test("a run whose host is gone ends, instead of reading on for nobody", async () => {
  const { args, simulator } = await hosted("airflow", "airbyte");
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error("EPIPE"));
    },
  });
  stdout.on("error", () => {});
  expect(await main(args(), { stdout, stderr: { write() {} }, env: {} })).not.toBe(0);
  const asked = simulator.requests.map(({ path }) => path);
  expect(asked.filter((path) => /taskInstances/.test(path)).length).toBeLessThan(3);
});

test("a row that changes back is written again", () => {
  const written = new WrittenRows(2);
  const versions = [[1n], [1n], [2n], [1n], "deleted", "deleted", [1n]] as const;
  expect(versions.map((version) => written.add("runs", "a", version))).toEqual([
    true,
    false,
    true,
    true,
    true,
    false,
    true,
  ]);
  // Of another table, or with another key, it is another row. The oldest are forgotten.
  expect(written.add("dags", "a", [1n])).toBe(true);
  expect(written.add("dags", "b", [1n])).toBe(true);
  expect(written.add("runs", "a", [1n])).toBe(true);
});
