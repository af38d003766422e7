import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { choose, pipelinesOf } from "../src/config/pipelines.ts";
import { parseConfig } from "../src/config/read.ts";
import { configJsonSchema } from "../src/config/schema.ts";

const whole = `
sources:
  prod: { kind: airflow, url: "https://airflow.example.com" }
destinations:
  file: duckdb:o.duckdb
pipelines:
  - { from: prod, to: file }
`;

/** What is wrong with a file. */
function complaint(text: string, env: Record<string, string> = {}): string {
  try {
    pipelinesOf(parseConfig(text, "dagsync.yaml"), env);
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

const opened = (text: string, env: Record<string, string> = {}) =>
  pipelinesOf(parseConfig(text, "dagsync.yaml"), env)[0]!.open();

test("a file that is right is read, and its pipeline is called like one of the command line", () => {
  expect(complaint(whole)).toBe("nothing");
  const [pipeline] = pipelinesOf(parseConfig(whole, "dagsync.yaml"), {});
  expect(pipeline).toMatchObject({ name: "airflow@airflow.example.com", from: "prod", to: "file", kind: "airflow" });
});

test.each([
  [
    "a key that is not known",
    whole.replace("from: prod", "form: prod"),
    `dagsync.yaml cannot be used:
  dagsync.yaml:7:5: pipelines[0] lacks "from".
  dagsync.yaml:7:7: pipelines[0] has a key that is not known. Did you mean "from"?`,
  ],
  [
    "a key that is like no other",
    `${whole}whatever: 1\n`,
    "dagsync.yaml:8:1: the file has a key that is not known. Known here: sources, destinations, pipelines, expect, pairs.",
  ],
  [
    "a number where text belongs",
    whole.replace("duckdb:o.duckdb", "12345"),
    "dagsync.yaml:5:9: destinations.file must be text: put it in quotes.",
  ],
  [
    "another kind",
    whole.replace("airflow,", "prefect,"),
    "dagsync.yaml:3:17: sources.prod.kind must be airflow or dagster.",
  ],
  [
    "an unknown source",
    whole.replace("from: prod", "from: prdo"),
    'dagsync.yaml:7:13: pipelines[0].from names no source of the file. Did you mean "prod"?',
  ],
  [
    "an unknown destination",
    whole.replace("to: file", "to: warehouse"),
    "dagsync.yaml:7:23: pipelines[0].to names no destination of the file. There is: file.",
  ],
  [
    "an unusable prefix",
    whole.replace("to: file", "to: file, prefix: Prod-"),
    "dagsync.yaml:7:37: pipelines[0].prefix must be lowercase letters, digits and underscores, starting with a letter, as in prod_.",
  ],
  ["no pipelines", whole.replace("  - { from: prod, to: file }\n", ""), "dagsync.yaml:6:11: pipelines must be a list."],
  [
    "an empty file",
    "",
    `dagsync.yaml cannot be used:
  dagsync.yaml:1:1: the file lacks "sources".
  dagsync.yaml:1:1: the file lacks "destinations".
  dagsync.yaml:1:1: the file lacks "pipelines".`,
  ],
  ["two keys", whole.replace("to: file", "to: file, to: file"), "dagsync.yaml:7:29: is not YAML (duplicate key)"],
  [
    "the same tables twice",
    `${whole}  - { name: again, from: prod, to: file }\n`,
    'dagsync.yaml:8:5: pipelines[1] would write to the same tables as airflow@airflow.example.com. Give it its own "prefix".',
  ],
  [
    "one name twice",
    `${whole}  - { from: prod, to: file, prefix: b_ }\n`,
    'dagsync.yaml:8:5: pipelines[1] has the same name as an earlier one, airflow@airflow.example.com. Give it its own "name".',
  ],
])("says where and what: %s", (_, text, message) => {
  expect(complaint(text)).toBe(message);
});

test.each([
  ["{ dag: sales, done_by: 06:30, timezone: Europe/Berlin, days: [mon-wed, fri] }", ""],
  ["{ job: ingest, within: 1h 30m, pipeline: prod }", ""],
  ["{ done_by: 06:30 }", "expect[0] must name either a dag or a job."],
  ["{ dag: a, job: b, done_by: 06:30 }", "expect[0] must name either a dag or a job."],
  ["{ dag: a }", "expect[0] must have either done_by or within."],
  ["{ dag: a, within: 5m, done_by: 06:30 }", "expect[0] must have either done_by or within."],
  ["{ dag: a, within: 5m, days: mon }", "expect[0] has timezone or days, which need done_by."],
  ["{ dag: a, done_by: 390 }", "expect[0].done_by must be text: put it in quotes."],
  ["{ dag: a, done_by: 24:30 }", "expect[0].done_by must be a time of day, as in 06:30."],
  ["{ dag: a, within: 5 apples }", "expect[0].within must be a duration, as in 45m or 1h30m."],
  ["{ dag: a, done_by: 06:30, timezone: Mars/Base }", "expect[0].timezone must be an IANA name, as in Europe/Berlin."],
  [
    "{ dag: a, done_by: 06:30, days: [mon, someday] }",
    "expect[0].days[1] must be weekdays, as in mon-fri or [mon, wed].",
  ],
  ["{ dag: a, doneby: 06:30 }", 'Did you mean "done_by"?'],
  ["sales", "expect[0] must be a mapping of keys to values."],
])("deadlines in all their forms: %s", async (deadline, message) => {
  const text = `${whole}expect: [${deadline}]\n`;
  expect(complaint(text)).toContain(message || "nothing");
  if (message !== "") return;
  // What the file may say is what questions take.
  const { parseDeadlines } = await import("../../insights/src/deadlines.ts");
  expect(parseDeadlines(parseConfig(text, "dagsync.yaml").config.expect ?? [], "UTC")).toHaveLength(1);
});

test.each([
  ["password: *CANARY", "a value that begins with * or & must be in quotes"],
  ["password: {CANARY", "is not YAML"],
  ["pasword: CANARY", 'Did you mean "password"?'],
  ["password: [CANARY]", "must be text"],
  ["headers: CANARY", "must be a mapping of keys to values"],
  ["tokenCommand: { CANARY: 1 }", "must be text"],
])("repeats nothing of what may be a secret: %s", (line, expected) => {
  const text = whole.replace(
    '{ kind: airflow, url: "https://airflow.example.com" }',
    `\n    kind: airflow\n    url: https://a\n    ${line}`,
  );
  expect(complaint(text)).toContain(expected);
  expect(complaint(text)).not.toContain("CANARY");
  expect(complaint(text)).toMatch(/^(?:\S+ cannot be used:\n {2})?dagsync\.yaml:(\d+:\d+:)? /);
});

test.each([
  ["username: ada", 'sources.prod: "password" is missing beside the other.'],
  [
    "username: ada, password: CANARY, token: CANARY",
    "sources.prod: only one of username and token can be used: remove the others.",
  ],
  ["password: '${SECRET}'", "sources.prod.password needs the variable SECRET, which is unset or empty."],
  [
    "token: '${SECRET'",
    "sources.prod.token has an invalid reference. Write ${NAME} or ${NAME:-default}, and $$ for a dollar sign.",
  ],
  [
    'headers: { x: "CANARY\\n1" }',
    "sources.prod.headers: a header has a name or a value that HTTP does not allow (a line break, perhaps).",
  ],
  ['headers: { x: "CANARY\\u0001" }', "sources.prod.headers: a header has a name or a value that HTTP does not allow"],
  ["headers: { Connection: CANARY }", "sources.prod.headers: the header connection is managed by the connection"],
  ["caFile: none.pem", "the file "],
  ["proxy: 'ftp://CANARY'", "sources.prod: proxy is not a usable proxy URL"],
])("says what is wrong with a source only once it is used: %s", async (more, message) => {
  const text = whole.replace('example.com" }', `example.com", ${more} }`);
  expect(complaint(text)).toBe("nothing");
  const thrown = await opened(text).catch((error: Error) => error.message);
  expect(thrown).toMatch(/^dagsync\.yaml:3:\d+: sources\.prod/);
  expect(thrown).toContain(message);
  expect(thrown).not.toContain("CANARY");
});

test.each([
  ["exclude: [conf, dag_runs.note]", { airflow_dag_runs: ["conf", "note"] }],
  ["exclude: [note]", { airflow_dag_runs: ["note"], airflow_task_instances: ["note"] }],
  ["exclude: [dag_id]", "names a column that is part of the primary key of airflow_dags, and cannot be left out."],
  [
    "exclude: [state]",
    "names a column of airflow_dag_runs that the sync needs to find what changed: it cannot be left out.",
  ],
  ["exclude: [cnof]", 'names a column that no table has. Did you mean "conf"? dagsync discover lists them.'],
  ["exclude: [dags.conf]", "names a column that no table has."],
  ["streams: [dag_run]", 'pipelines[0].streams[0] names no stream of airflow. Did you mean "dag_runs"?'],
  ["reconcileEvery: soon", "pipelines[0].reconcileEvery is not a duration."],
  ["schema: x, to: text", "destinations.text sqlite: it has no schemas. Use a prefix instead."],
])("takes a pipeline's %s, or says why not", async (more, expected) => {
  const text = whole
    .replace("to: file }", more.includes("to:") ? `${more} }` : `to: file, ${more} }`)
    .replace("destinations:", "destinations:\n  text: sqlite:o.sqlite");
  const result = await opened(text).then(
    ({ excluded }) => excluded,
    (error: Error) => error.message,
  );
  if (typeof expected === "object") expect(result).toEqual(expected);
  else expect(result).toContain(expected);
});

test("puts variables in: a default where one is not set or empty, and dollars", async () => {
  const text = whole
    .replace("https://airflow.example.com", "https://${HOST:-localhost}/$$x")
    .replace("duckdb:o.duckdb", "duckdb:${FILE}.duckdb");
  const env = { HOST: "", FILE: "mine" };
  const pipeline = await opened(text, env);
  expect([pipeline.source.url, pipeline.name]).toEqual(["https://localhost/$x", "airflow@localhost/$x"]);
  expect(pipeline.place.destination.name).toBe("duckdb:mine.duckdb");
  const [unknown] = pipelinesOf(parseConfig(text.replace("${HOST:-localhost}", "${HOST}"), "dagsync.yaml"), env);
  expect(unknown?.name).toBe("prod to file");
});

test("paths begin at the file", async () => {
  const [pipeline] = pipelinesOf(parseConfig(whole, "some/folder/dagsync.yaml"), {});
  expect((await pipeline!.open()).place.destination.name).toBe("duckdb:some/folder/o.duckdb");
});

test("a name that no pipeline has is answered with the one that is near", () => {
  const pipelines = [{ name: "prod" }, { name: "staging" }];
  expect(choose(pipelines, ["staging"])).toEqual([{ name: "staging" }]);
  expect(() => choose(pipelines, ["stagng"])).toThrow('has no pipeline "stagng". Did you mean "staging"?');
});

test("the JSON Schema is the one that is published", () => {
  const published = new URL("../schema/dagsync.schema.json", import.meta.url);
  expect(readFileSync(published, "utf8")).toBe(configJsonSchema());
});

test.each([
  ["../../../README.md", "## Many instances"],
  ["../README.md", "## dagsync.yaml"],
])("reads the configuration shown in %s, under %s", (path, heading) => {
  const readme = readFileSync(new URL(path, import.meta.url), "utf8");
  const [, text] = new RegExp(`${heading}[\\s\\S]*?\`\`\`yaml\\n([\\s\\S]*?)\`\`\``).exec(readme) ?? [];
  expect(pipelinesOf(parseConfig(text ?? "", "dagsync.yaml"), {}).length).toBeGreaterThanOrEqual(3);
});
