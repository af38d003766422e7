import { createAirflowClient } from "@org/airflow-client";
import { airflow } from "@org/sources/airflow";
import type { SyncError } from "@org/sync-engine";
import { expect, test } from "vitest";
import { setUp } from "./airflow-sync.ts";

test("I8: a token that some API servers reject is no missing permission: no row is lost, and the error says why", async () => {
  const { simulator, world, syncNow, differences } = await setUp();
  await syncNow();
  simulator.clock.advance(20 * 60_000);
  const dag = [...world.dags.values()].find(({ runs }) => runs.size > 2)!;
  world.note([...dag.runs.values()][0]!, "only the event log tells");
  world.deleteDag([...world.dags.values()].at(-1)!);
  // The server at that address has a different secret.
  for (const place of ["/eventLogs", "/api/v2/dags/"]) {
    simulator.requests.clear();
    simulator.faults.push({
      match: ({ path }) => path.includes(place),
      status: 403,
      body: { detail: "Invalid JWT token" },
      times: 1_000,
    });
    const error = (await syncNow().catch((thrown: unknown) => thrown)) as SyncError;
    expect(error.code).toBe("STREAMS_FAILED");
    expect(error.message).toContain("[api_auth] jwt_secret");
    expect(simulator.requests.length).toBeLessThan(40);
    simulator.faults.clear();
  }
  await syncNow();
  expect(await differences()).toEqual([]);
});

test("an external token that every other response rejects ends the sync with the reason", async () => {
  const { simulator, syncNow, differences } = await setUp();
  let count = 0;
  const token = simulator.tokens.issue();
  const client = createAirflowClient({
    url: simulator.url,
    auth: { token },
    fetch: (url, init) => {
      count += 1;
      if (count % 2 === 1) return fetch(url, init);
      return Promise.resolve(Response.json({ detail: "Invalid JWT token" }, { status: 403 }));
    },
  });
  const source = airflow({ client });
  await expect(syncNow({ source })).rejects.toThrow("Some responses from this URL accept the token, others reject it");
  await syncNow();
  expect(await differences()).toEqual([]);
});
