/** `check` tries what a sync will do in the destination, and leaves nothing of it. */
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { duckdb, queryDuckdb } from "@org/destination/duckdb";
import { startAirflowSimulator } from "@org/simulators/internal";
import { ownDatabase } from "@org/testkit/own-database";
import { query } from "@org/testkit/places/postgres";
import { afterAll, beforeEach, expect, test } from "vitest";
import { dagsync, temporaryFolder } from "../helpers.ts";

const { url, close } = await startAirflowSimulator();
afterAll(close);

let database: string;
beforeEach(async () => {
  database = await ownDatabase();
});

const env = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin" };
const from = `airflow:${url}`;

/** A database, as a user without more rights than are given here. */
async function asUser(rights: string): Promise<string> {
  const name = new URL(database).pathname.slice(1);
  const role = `user_of_${name.replaceAll("-", "_")}`;
  const granted = rights.replaceAll("ROLE", role).replace("DATABASE_NAME", `"${name}"`);
  await query(database, `CREATE ROLE ${role} LOGIN; ${granted}`);
  const address = new URL(database);
  address.username = role;
  return address.href;
}

/** What `check` and then `sync` say; the first line of each, without what names the command. */
async function both(to: string) {
  const check = await dagsync(["check", "--from", from, "--to", to], { env });
  const left = to.startsWith("postgres") ? await tables() : undefined;
  const sync = await dagsync(["sync", "--from", from, "--to", to], { env });
  return { check, sync, left };
}

const tables = async () =>
  (await query(database, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '%airflow_%'")).length;

test("sufficient privileges pass, and no table is left behind", async () => {
  const { check, left, sync } = await both(await asUser("GRANT CREATE ON SCHEMA public TO ROLE"));
  expect([check.code, left, sync.code]).toEqual([0, 0, 0]);
  expect(check.stdout).toContain("can be opened and written");
});

test.each([
  [
    "may not make temporary tables",
    `GRANT CREATE ON SCHEMA public TO ROLE; REVOKE TEMPORARY ON DATABASE DATABASE_NAME FROM PUBLIC`,
    "temporary tables",
  ],
  ["may only read", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "permission denied"],
])("a user who %s is told so, and the exit code is 2", async (_, rights, words) => {
  const { check, sync, left } = await both(await asUser(rights));
  expect({ code: check.code, left }).toEqual({ code: 2, left: 0 });
  expect(check.stderr).toContain(words);
  expect(sync.stderr).toContain(words);
});

test("a table owned by someone else is named if it has to change, or is not writable", async () => {
  await dagsync(["sync", "--from", from, "--to", database], { env });
  const rights = "GRANT ALL ON ALL TABLES IN SCHEMA public TO ROLE; GRANT CREATE ON SCHEMA public TO ROLE";
  const user = await asUser(`${rights}; REVOKE UPDATE ON airflow_dags FROM ROLE`);
  const { check, sync } = await both(user);
  expect(check.code).toBe(2);
  expect(check.stderr).toContain("airflow_dags");
  expect(sync.stderr).toContain("airflow_dags");
});

test("a rule on a table is found", async () => {
  await dagsync(["sync", "--from", from, "--to", database], { env });
  await query(database, "CREATE RULE nothing_here AS ON INSERT TO airflow_dag_runs DO INSTEAD NOTHING");
  const { check, sync } = await both(database);
  expect([check.code, sync.code]).toEqual([2, 2]);
  expect(check.stderr).toContain("nothing_here");
});

test("F13: a trigger that drops rows makes this sync and every later one exit with 2", async () => {
  await query(database, "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$");
  const sync = (...more: string[]) => dagsync(["sync", "--from", from, "--to", database, ...more], { env });
  await sync();
  await query(
    database,
    `TRUNCATE airflow_dag_runs;
     CREATE TRIGGER swallowing BEFORE INSERT ON airflow_dag_runs FOR EACH ROW EXECUTE FUNCTION nothing()`,
  );
  for (const more of [["--full-refresh"], []]) {
    const { code, stderr } = await sync(...more);
    expect(code).toBe(2);
    expect(stderr).toContain("Table airflow_dag_runs in");
  }
  const check = await dagsync(["check", "--from", from, "--to", database], { env });
  expect({ code: check.code, stored: await query(database, "SELECT count(*) FROM airflow_dag_runs") }).toEqual({
    code: 2,
    stored: [{ count: "0" }],
  });
  expect(check.stderr).toMatch(/Table airflow_dag_runs in .* did not take 1 row, .*the table's triggers/);
});

test("names that are too long with the prefix are found before anything is created", async () => {
  const folder = temporaryFolder();
  const prefix = `p${"x".repeat(45)}_`;
  const { writeFileSync } = await import("node:fs");
  const config = join(folder, "dagsync.yaml");
  const text = `sources:
  a: { kind: airflow, url: "${url}", username: admin, password: admin }
destinations:
  d: "${database}"
pipelines:
  - { name: p, from: a, to: d, prefix: ${prefix} }
`;
  writeFileSync(config, text);
  const check = await dagsync(["check", "--config", config]);
  expect(check.code).toBe(2);
  expect(check.stderr).toContain("is longer than 63 bytes");
  expect(await tables()).toBe(0);
});

test("a table in a file that no sync created is reported", async () => {
  const file = join(temporaryFolder(), "o.duckdb");
  await (await duckdb(file).open({ pipeline: "p" })).close();
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run("CREATE TABLE airflow_dag_runs (mine INTEGER)");
  connection.closeSync();
  instance.closeSync();
  const check = await dagsync(["check", "--from", from, "--to", `duckdb:${file}`], { env });
  expect(check.code).toBe(2);
  expect(check.stderr).toContain("was not created by a sync");
  const found = await queryDuckdb(file, "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'airflow%'");
  expect(found).toEqual([{ table_name: "airflow_dag_runs" }]);
});

test("a folder of files holds no table afterwards", async () => {
  const folder = join(temporaryFolder(), "out");
  mkdirSync(folder);
  const check = await dagsync(["check", "--from", from, "--to", `files:${folder}`], { env });
  expect(check.code).toBe(0);
  expect(readdirSync(folder)).toEqual(["_sync"]);
  chmodSync(folder, 0o700);
});
