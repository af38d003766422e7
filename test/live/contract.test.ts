import { readFile } from "node:fs/promises";
import { type AirflowAuth, checkServer, createAirflowClient } from "@org/airflow-client";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import { changeFurther } from "@org/testkit/servers/airflow-further";
import { airflowVersions, newestAirflow } from "@org/testkit/servers/airflow-versions";
import { seedAirflow } from "@org/testkit/servers/airflow-world";
import { expiredToken } from "@org/testkit/servers/expired-token";
import { sharedDagster } from "@org/testkit/servers/shared-dagster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dumpDagsterSpec } from "../../specs/dagster/dump.ts";
import { type AirflowTarget, airflowContract } from "../contract/airflow-contract.ts";
import { dagsterContract } from "../contract/dagster-contract.ts";
import { describeLive, describeLiveOn, log } from "./live.ts";

// test/contract runs the same cases against the simulators, so that simulators and real servers agree.

/** The newest version. At night, also the simulator's default. */
const tested = airflowVersions.filter(
  ({ version }) => version === newestAirflow || (process.env.NIGHTLY && version === "3.3.2"),
);

for (const { version, pythons } of tested) {
  describeLiveOn(pythons)(`a real Airflow ${version} keeps the contract that the simulator is held against`, () =>
    testAirflow(version),
  );
}

function testAirflow(version: string): void {
  let server: AirflowServer;
  let target: AirflowTarget;

  beforeAll(async () => {
    server = await startAirflow({ log, version });
    await seedAirflow(server, { dags: 20, runsPerDag: 15 });
    await changeFurther(server, "seed");
    const { url, username, password } = server;
    const response = await fetch(`${url}/auth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    target = { url, username, password, token };
  });
  afterAll(() => server?.stop());

  test("a wrong password and an expired token are rejected with a message, a viewer is admitted", async () => {
    const { url: baseUrl, jwtSecret } = server;
    const check = (auth: AirflowAuth) => checkServer(createAirflowClient({ url: baseUrl, auth }));
    await expect(check({ username: "admin", password: "wrong" })).rejects.toMatchObject({
      code: "INVALID_CREDENTIALS",
    });
    await expect(check({ token: expiredToken(jwtSecret) })).rejects.toMatchObject({ code: "TOKEN_EXPIRED" });
    await expect(check({ token: "not.a.token" })).rejects.toMatchObject({ code: "TOKEN_REFUSED" });
    expect(await check({ username: "viewer", password: "viewer" })).toMatchObject({ version });
  });

  test.each(airflowContract)("$name", ({ run }) => run(target));
}

describeLive("a real Dagster 1.13.27 keeps the contract that the simulator is held against", () => {
  let url: string;

  beforeAll(async () => {
    ({ url } = await sharedDagster());
  });

  test("it serves the committed interface", async () => {
    expect(await dumpDagsterSpec(url)).toBe(await committed("dagster/1.13.27.graphql"));
  });

  test.each(dagsterContract)("$name", ({ run }) => run({ url }));
});

function committed(file: string): Promise<string> {
  return readFile(new URL(`../../specs/${file}`, import.meta.url), "utf8");
}
