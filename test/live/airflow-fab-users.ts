/** Users and roles of the FAB auth manager through the client, including awkward names. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AirflowClient, createAirflowClient, roles, users } from "@org/airflow-client";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { runExample } from "../support/run-example.ts";

const odd = ["a b", "50%", "a%2Fb", "ü日本", "a+b", "a?b#c", "a&b=c", "a:b;c,d@e", "a\\b"];

export function testUsers(server: () => AirflowServer): void {
  let airflow: AirflowClient;
  const person = (username: string) => ({
    username,
    first_name: "Ann",
    last_name: "Other",
    password: "hunter2!",
    email: `${encodeURIComponent(username)}@example.com`,
    roles: [{ name: "Viewer" }],
  });

  beforeAll(() => {
    airflow = createAirflowClient({ url: server().url, auth: { username: "admin", password: "admin" } });
  });

  test("a user is created, listed, changed, logs in with the new password, and is deleted", async () => {
    await users.create(airflow, person("ann"));
    await expect(users.create(airflow, person("ann"))).rejects.toMatchObject({ code: "CONFLICT" });
    const names = (await Array.fromAsync(users.list(airflow, { pageSize: 1 }))).map(({ username }) => username);
    expect(names).toEqual(expect.arrayContaining(["admin", "ann"]));
    const changed = await users.update(airflow, "ann", { password: "another", last_name: "New" });
    expect(changed).toMatchObject({ first_name: "Ann", last_name: "New", roles: [{ name: "Viewer" }] });
    const ann = createAirflowClient({ url: server().url, auth: { username: "ann", password: "another" } });
    expect((await ann.GET("/api/v2/dags", { params: { query: { limit: 1 } } })).data.total_entries).toBeGreaterThan(0);
    await expect(users.list(ann)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "FORBIDDEN" });
    await users.delete(airflow, "ann");
    await expect(users.get(airflow, "ann")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each(odd)("a user named %j is found and deleted", async (name) => {
    await users.create(airflow, person(name));
    expect((await users.get(airflow, name)).username).toBe(name);
    await users.delete(airflow, name);
    await expect(users.get(airflow, name)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a user whose name has a slash is found in the list; unsupported operations say so, and how to name it", async () => {
    await users.create(airflow, person("domain/ann"));
    expect((await users.get(airflow, "domain/ann")).username).toBe("domain/ann");
    await expect(users.get(airflow, "domain/bob")).rejects.toMatchObject({ code: "NOT_FOUND" });
    for (const attempt of [users.update(airflow, "domain/ann", {}), users.delete(airflow, "domain/ann")]) {
      await expect(attempt).rejects.toMatchObject({
        code: "UNADDRESSABLE_ID",
        message: expect.stringContaining("sanitizeUsername"),
      });
    }
    const name = users.sanitizeUsername("domain/ann");
    expect(name).toBe("domain_ann");
    await users.create(airflow, person(name));
    await users.delete(airflow, name);
  });

  test("examples/airflow-users-from-csv shows what it would do, creates users once, and never prints a password", async () => {
    const folder = mkdtempSync(join(tmpdir(), "users-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "users.csv");
    const rows = (cleo: string, eva = "Eva") =>
      [
        "username,first_name,last_name,email,roles,password",
        "finance/dan,Dan,Other,dan@example.com,,hunter2!",
        `eva,${eva},"Two,\nlines",eva@data.example.com,,`,
        cleo,
      ].join("\n");
    const run = async (...args: string[]) => {
      const env = { AIRFLOW_URL: server().url };
      const ended = await runExample("airflow-users-from-csv", env, file, ...args).catch((error) => error);
      const lines: string[] = Array.isArray(ended) ? ended : ended.stdout.trimEnd().split("\n");
      expect(lines.join()).not.toContain("hunter2!");
      return { code: ended.code ?? 0, steps: lines.map((line) => JSON.parse(line)) };
    };
    const actions = (steps: readonly { readonly action: string }[]) => steps.map(({ action }) => action);
    const names = () => Array.fromAsync(users.list(airflow), ({ username }) => username);

    writeFileSync(file, rows("cleo,Cleo,Vega,cleo@example.com,Boss,"));
    const dry = await run();
    expect(dry.code).toBe(1);
    expect(dry.steps).toMatchObject([
      { dryRun: true, action: "create", line: 2, username: "finance_dan", inFile: "finance/dan", roles: ["Viewer"] },
      { dryRun: true, action: "create", line: 4, username: "eva", roles: ["User"] },
      { action: "reject", line: 5, username: "cleo", reason: expect.stringMatching(/no role Boss.* Op/) },
    ]);
    expect(await names()).not.toContain("eva");

    expect(actions((await run("--apply")).steps)).toEqual(["create", "create", "reject"]);
    expect(await names()).toEqual(expect.arrayContaining(["finance_dan", "eva"]));
    const dan = createAirflowClient({ url: server().url, auth: { username: "finance_dan", password: "hunter2!" } });
    await dan.GET("/api/v2/dags", { params: { query: { limit: 1 } } });

    writeFileSync(file, rows("cleo,Cleo,Vega,cleo@example.com,Op;Viewer,", "Eve"));
    const corrected = await run("--apply");
    expect([corrected.code, actions(corrected.steps)]).toEqual([0, ["keep", "update", "create"]]);
    expect((await users.get(airflow, "cleo")).roles?.map(({ name }) => name).sort()).toEqual(["Op", "Viewer"]);
    expect((await users.get(airflow, "eva")).first_name).toBe("Eve");
    expect(actions((await run()).steps)).toEqual(["keep", "keep", "keep"]);
  });

  test("a role is created, listed, changed and deleted; permissions are listed", async () => {
    const can = (name: string) => ({ action: { name: "can_read" }, resource: { name } });
    await roles.create(airflow, { name: "auditor", actions: [can("Audit Logs")] });
    expect((await Array.fromAsync(roles.list(airflow))).map(({ name }) => name)).toContain("auditor");
    await roles.update(airflow, "auditor", { name: "auditor", actions: [can("DAGs"), can("DAG Runs")] });
    const { actions } = await roles.get(airflow, "auditor");
    expect(actions).toEqual(expect.arrayContaining([can("DAGs"), can("DAG Runs")]));
    expect(await Array.fromAsync(roles.permissions(airflow))).toContainEqual(can("DAG Runs"));
    await roles.delete(airflow, "auditor");
    await expect(roles.get(airflow, "auditor")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
}
