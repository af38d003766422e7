/** Ids with every kind of character: encoded correctly, or rejected with an error that says why. */
import {
  type AirflowClient,
  connections,
  createAirflowClient,
  dagRuns,
  dags,
  pools,
  variables,
  xcoms,
} from "@org/airflow-client";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { beforeAll, expect, test } from "vitest";

const odd = ["a b", "50%", "a%2Fb", "ü日本🎉", "a+b", "a?b#c", "a&b=c", "a:b;c,d@e", "'a' \"b\"", "a\\b", "..a", "{a}"];
const slashed = ["a/b", "/a", "a//b", "a/../b"];

export function testIds(version: string, server: () => AirflowServer): void {
  let airflow: AirflowClient;

  beforeAll(() => {
    const { url, username, password } = server();
    airflow = createAirflowClient({ url, auth: { username, password } });
  });

  test("runs started here stay queued", async () => {
    expect((await dags.pause(airflow, "wants")).is_paused).toBe(true);
  });

  test.each([...odd, "a/b", "a//b"])("a variable and a pool named %j are created, found and deleted", async (name) => {
    await variables.set(airflow, { key: name, value: "value" });
    expect((await variables.get(airflow, name)).key).toBe(name);
    await variables.delete(airflow, name);
    await expect(variables.get(airflow, name)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await pools.create(airflow, { name, slots: 1 });
    expect((await pools.get(airflow, name)).name).toBe(name);
    await pools.delete(airflow, name);
    await expect(pools.get(airflow, name)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  // This server is configured to allow every run id.
  test.each(odd.filter((name) => !name.includes("..")))(
    "a run named %j is triggered and found, and an XCom of its key",
    async (name) => {
      const run = { dagId: "wants", dagRunId: name };
      await dagRuns.trigger(airflow, "wants", { dag_run_id: name });
      expect((await dagRuns.get(airflow, run)).dag_run_id).toBe(name);
      const entry = { ...run, taskId: "want", key: name };
      await xcoms.create(airflow, entry, "value");
      expect((await xcoms.get(airflow, entry)).key).toBe(name);
      await dagRuns.delete(airflow, run);
      await expect(dagRuns.get(airflow, run)).rejects.toMatchObject({ code: "NOT_FOUND" });
    },
  );

  test.each(slashed)(
    "a run named %j cannot be requested, and the error says so before anything is sent",
    async (name) => {
      await expect(dagRuns.get(airflow, { dagId: "wants", dagRunId: name })).rejects.toMatchObject({
        code: "UNADDRESSABLE_ID",
        message: expect.stringContaining("run_id_pattern"),
      });
    },
  );

  test("an XCom's key with a slash is found if the server supports it, and else the error says so", async () => {
    const { dag_run_id: dagRunId } = await dagRuns.trigger(airflow, "wants");
    const entry = { dagId: "wants", dagRunId, taskId: "want", key: "a/b" };
    await xcoms.create(airflow, entry, "value");
    const found = xcoms.get(airflow, entry);
    if (isAtLeast(version, "3.1")) expect((await found).key).toBe("a/b");
    else await expect(found).rejects.toMatchObject({ code: "UNADDRESSABLE_ID" });
  });

  test.each(["a b", "a/b"])(
    "a connection named %j is rejected by the server, which says which names are valid",
    async (id) => {
      const created = connections.create(airflow, { connection_id: id, conn_type: "http" });
      await expect(created).rejects.toMatchObject({ code: "INVALID_REQUEST", status: 422 });
    },
  );
}
