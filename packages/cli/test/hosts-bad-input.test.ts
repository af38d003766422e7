import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { messagesIn } from "@org/testkit/cli/tiny-host";
import { expect, test } from "vitest";
import { closedPort, dagsync, temporaryFolder } from "./helpers.ts";

const secret = "hunter2-hunter2";
const url = "https://airflow.example.com";
const good = { kind: "airflow", url };
const stream = { name: "airflow_dags" };
const configured = { streams: [{ stream, sync_mode: "incremental", destination_sync_mode: "append" }] };
const state = { source: `airflow ${url}`, version: 4, value: { none: true }, synced_at: "1", deletions: null };
const stateOf = (stream_state: object, type = "STREAM") => [
  { type, stream: { stream_descriptor: stream, stream_state } },
];

/** Writes files, undefined ones aside, and returns the options that name them. */
function options(files: Readonly<Record<string, unknown>>): string[] {
  const folder = temporaryFolder();
  return Object.entries(files).flatMap(([name, content]) => {
    if (content === undefined) return [];
    const path = join(folder, `${name}.json`);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return [`--${name}`, path];
  });
}

const configs = [
  ["is missing", undefined, /--config is missing/],
  ["is no JSON", `{"password": "${secret}"`, /is not JSON/],
  ["is empty", "", /is not JSON: it is empty/],
  ["is a list", [], /config\.json must be an object/],
  ["lacks the kind", { url }, /config\.json: kind is missing/],
  ["has another kind", { ...good, kind: "prefect" }, /kind must be airflow or dagster/],
  ["lacks the URL", { kind: "airflow" }, /url is missing/],
  ["has an empty URL", { kind: "airflow", url: "" }, /url is missing/],
  ["has a URL without a scheme", { ...good, url: "airflow" }, /url: the URL must start with http/],
  ["has a password in the URL", { ...good, url: `https://me:${secret}@a.example.com` }, /set username and password/],
  ["has a secret as a key", { ...good, [secret]: "x" }, /setting 3 is unknown/],
  ["has a misspelled key", { ...good, pasword: secret }, /setting 3 is unknown\. Did you mean "password"/],
  ["lacks the user of a password", { ...good, password: secret }, /username is missing/],
  ["has two ways to log in", { ...good, username: "a", password: secret, token: secret }, /remove one of/],
  ["has a number as a token", { ...good, token: 12345 }, /token must be text/],
  ["has no boolean", { ...good, batch: "maybe" }, /batch must be true or false/],
  ["has a password for Dagster", { kind: "dagster", url, password: secret }, /password is only for Airflow/],
  ["names a missing file", { ...good, ca_file: "/nowhere/ca.pem" }, /ca/i],
] as const;

test.each(configs)("a configuration that %s", async (_, config, message) => {
  const args = options({ config });
  const read = await dagsync(["read", "--format", "airbyte", "discover", ...args]);
  expect(read.code).toBe(2);
  const error = { message: expect.stringMatching(message), failure_type: "config_error" };
  expect(messagesIn(read.stdout)).toMatchObject([{ type: "TRACE", trace: { type: "ERROR", error } }]);
  const checked = await dagsync(["read", "--format", "airbyte", "check", ...args]);
  expect(checked.code).toBe(0);
  expect(messagesIn(checked.stdout)).toEqual([
    { type: "CONNECTION_STATUS", connectionStatus: { status: "FAILED", message: expect.stringMatching(message) } },
  ]);
  const singer = await dagsync(["read", "--format", "singer", "--discover", ...args]);
  expect(singer).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  for (const { stdout, stderr } of [read, checked, singer]) expect(stdout + stderr).not.toContain(secret);
});

const airbyteReads = [
  ["catalog is missing", { config: good }, /--catalog is missing/],
  ["catalog is a list", { config: good, catalog: [] }, /no configured catalog/],
  ["catalog names no stream", { config: good, catalog: { streams: [{}] } }, /streams\[0\]\.stream\.name is no stream/],
  [
    "catalog names another stream",
    { config: good, catalog: { streams: [{ stream: { name: "airflow_dag_run" }, sync_mode: "incremental" }] } },
    /Did you mean "airflow_dag_runs"/,
  ],
  [
    "catalog names Dagster's",
    { config: good, catalog: { streams: [{ stream: { name: "dagster_runs" }, sync_mode: "incremental" }] } },
    /no stream of airflow\. There are: airflow_dags/,
  ],
  [
    "catalog names a stream twice",
    { config: good, catalog: { streams: [...configured.streams, ...configured.streams] } },
    /twice/,
  ],
  [
    "catalog has a namespace",
    { config: good, catalog: { streams: [{ stream: { ...stream, namespace: "x" }, sync_mode: "incremental" }] } },
    /namespace/,
  ],
  [
    "catalog has another mode",
    { config: good, catalog: { streams: [{ stream, sync_mode: "cdc" }] } },
    /sync_mode must be/,
  ],
  [
    "catalog has another destination mode",
    { config: good, catalog: { streams: [{ ...configured.streams[0], destination_sync_mode: "merge" }] } },
    /destination_sync_mode must be/,
  ],
  ["state is text", { config: good, catalog: configured, state: '"x"' }, /no list of states/],
  [
    "state is global",
    { config: good, catalog: configured, state: [{ type: "GLOBAL", global: {} }] },
    /state 1 is no state of a stream/,
  ],
  [
    "state is another source's",
    { config: good, catalog: configured, state: stateOf({ cursor: "2026" }) },
    /not a state that dagsync wrote/,
  ],
  [
    "state is of another server",
    { config: good, catalog: configured, state: stateOf({ ...state, source: "airflow https://b.example.com" }) },
    /is about airflow https:\/\/b\.example\.com, and the configuration names airflow https:\/\/airflow\.example\.com/,
  ],
  [
    "state needs a store",
    { config: good, catalog: configured, state: stateOf({ ...state, deletions: 3 }) },
    /written with a store/,
  ],
  [
    "state is newer",
    { config: good, catalog: configured, state: stateOf({ ...state, version: 99 }) },
    /Install the release that wrote it/,
  ],
  [
    "state of a stream is text",
    {
      config: good,
      catalog: configured,
      state: [{ type: "STREAM", stream: { stream_descriptor: stream, stream_state: "2026" } }],
    },
    /not a state that dagsync wrote/,
  ],
  ["state is broken", { config: good, catalog: configured, state: stateOf({ ...state, value: 1 }) }, /is broken/],
] as const;

test.each(airbyteReads)("a read whose %s", async (_, files, message) => {
  const { code, stdout } = await dagsync(["read", "--format", "airbyte", "read", ...options(files)]);
  expect(code).toBe(2);
  const errors = messagesIn(stdout).filter(({ trace }) => trace?.type === "ERROR");
  expect(errors.map(({ trace }) => trace.error)).toEqual([
    { failure_type: "config_error", message: expect.stringMatching(message) },
  ]);
});

const selected = { tap_stream_id: "airflow_dags", metadata: [{ breadcrumb: [], metadata: { selected: true } }] };

test.each([
  ["catalog is a list", { catalog: [] }, /is no catalog/],
  [
    "catalog selects another stream",
    { catalog: { streams: [{ ...selected, tap_stream_id: "users" }] } },
    /is no stream of airflow/,
  ],
  ["catalog selects a stream twice", { catalog: { streams: [selected, selected] } }, /twice/],
  [
    "catalog has another method",
    { catalog: { streams: [{ ...selected, replication_method: "LOG_BASED" }] } },
    /must be INCREMENTAL or FULL_TABLE/,
  ],
  ["catalog has a number as a stream", { catalog: { streams: [5] } }, /streams\[0\] must be an object/],
  [
    "catalog selects a stream neither by true nor by false",
    { catalog: { streams: [{ ...selected, metadata: [{ breadcrumb: [], metadata: { selected: "yes" } }] }] } },
    /streams\[0\]: selected must be true or false/,
  ],
  [
    "catalog selects a column neither by true nor by false",
    {
      catalog: {
        streams: [
          {
            ...selected,
            metadata: [...selected.metadata, { breadcrumb: ["properties", "owners"], metadata: { selected: 0 } }],
          },
        ],
      },
    },
    /streams\[0\]: selected must be true or false/,
  ],
  ["state is a list", { state: [] }, /is no state/],
  ["state is what some host wraps around it", { state: { completed: { bookmarks: {} } } }, /is no state/],
  [
    "state has text as a bookmark",
    { state: { bookmarks: { airflow_dags: "2026" } } },
    /not a state that dagsync wrote/,
  ],
  [
    "state has another tap's bookmarks",
    { state: { bookmarks: { airflow_dags: { cursor: 1 } } } },
    /not a state that dagsync wrote/,
  ],
] as const)("a tap whose %s", async (_, files, message) => {
  const { code, stdout, stderr } = await dagsync([
    "read",
    "--format",
    "singer",
    ...options({ config: good, ...files }),
  ]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(messagesIn(stdout).filter(({ type }) => type !== "SCHEMA")).toEqual([]);
});

test("a server that is not there is an error that may pass, of each stream and of the run", async () => {
  const config = { kind: "airflow", url: `http://${await closedPort()}`, token: secret };
  const read = await dagsync(["read", "--format", "airbyte", "read", ...options({ config, catalog: configured })]);
  expect(read.code).toBe(75);
  const traces = messagesIn(read.stdout).flatMap(({ trace }) => trace ?? []);
  expect(traces).toMatchObject([
    { type: "STREAM_STATUS", stream_status: { status: "STARTED" } },
    { type: "ERROR", error: { failure_type: "transient_error", stream_descriptor: stream } },
    { type: "STREAM_STATUS", stream_status: { status: "INCOMPLETE" } },
    { type: "ERROR", error: { failure_type: "transient_error" } },
  ]);
  const check = await dagsync(["read", "--format", "airbyte", "check", ...options({ config })]);
  expect(messagesIn(check.stdout).at(-1)).toMatchObject({ connectionStatus: { status: "FAILED" } });
  const tap = await dagsync(["read", "--format", "singer", ...options({ config })]);
  expect(tap.code).toBe(75);
  expect([read, check, tap].map(({ stdout, stderr }) => stdout + stderr).join()).not.toContain(secret);
});

test.each([
  [["--format", "airbyte"], /spec, check, discover, read/],
  [["--format", "airbyte", "read", "--discover"], /Singer's/],
  [["--format", "singer", "read"], /Airbyte's/],
  [["--format", "singer", "--catalog", "a", "--properties", "b"], /only one/],
  [["--format", "csv"], /airbyte/],
  [[], /--format/],
] as const)("read %j is refused", async (args, message) => {
  const { code, stdout, stderr } = await dagsync(["read", ...args]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(message);
});
