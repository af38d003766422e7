import { createEmptyAirflowWorld, type StartedAirflow, startAirflowSimulator } from "@org/simulators/internal";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let simulator: StartedAirflow;
beforeEach(async () => {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "sales" });
  for (let index = 0; index < 5; index++) world.addRun(dag, { runId: `run ${index}` });
  simulator = await startAirflowSimulator({ world });
});
afterEach(() => simulator.close());

const runs = "/api/v2/dags/~/dagRuns";

function get(path = runs, init: RequestInit = {}) {
  return fetch(simulator.url + path, { headers: { authorization: `Bearer ${simulator.tokens.issue()}` }, ...init });
}

describe("a script of faults", () => {
  test("is consumed in order, each as often as it says, then requests succeed", async () => {
    simulator.faults.push({ status: 503, headers: { "retry-after": "2" }, times: 2 }, { status: 429 });
    const replies = [await get(), await get(), await get(), await get()];
    expect(replies.map((reply) => reply.status)).toEqual([503, 503, 429, 200]);
    expect(replies[0]!.headers.get("retry-after")).toBe("2");
    expect(simulator.faults.pending).toBe(0);
  });

  test("waits for the request that it is meant for", async () => {
    simulator.faults.push({ match: (request) => request.path.endsWith("/dagStats"), status: 500, body: "no" });
    expect((await get()).status).toBe(200);
    const reply = await get("/api/v2/dagStats");
    expect([reply.status, await reply.text()]).toEqual([500, "no"]);
  });

  test("may answer with HTML and 200", async () => {
    simulator.faults.push({ html200: true });
    const reply = await get();
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });

  test("may cut a body short", async () => {
    simulator.faults.push({ cutBodyAt: 10 }, { cutBodyAt: 0 });
    for (let time = 0; time < 2; time++) {
      const reply = await get();
      expect(reply.status).toBe(200);
      await expect(reply.text()).rejects.toThrow();
    }
  });

  test("may hang up", async () => {
    simulator.faults.push({ reset: true });
    await expect(get()).rejects.toThrow();
    expect(simulator.requests.at(-1)?.status).toBe(0);
  });

  test("may stall before the headers until the client gives up", async () => {
    const controller = new AbortController();
    simulator.faults.push({ stall: "headers", before: () => controller.abort() });
    await expect(get(runs, { signal: controller.signal })).rejects.toThrow(/abort/);
  });

  test("may stall in the middle of the body, and continue", async () => {
    simulator.faults.push({ stall: "body", stallMs: 1 });
    const reply = await get();
    expect(await reply.json()).toMatchObject({ total_entries: 5 });
  });

  test("may stall forever, until the server is closed", async () => {
    let stalled = () => {};
    const arrived = new Promise<void>((resolve) => {
      stalled = resolve;
    });
    simulator.faults.push({ stall: "headers", before: () => stalled() });
    const waiting = expect(get()).rejects.toThrow();
    await arrived;
    await simulator.close();
    await waiting;
  });

  test("may clamp pages, of a GET and of a POST", async () => {
    simulator.faults.push({ clampPage: 2, times: 2 });
    expect(await (await get(`${runs}?limit=4`)).json()).toMatchObject({ dag_runs: { length: 2 }, total_entries: 5 });
    const posted = await get(`${runs}/list`, {
      method: "POST",
      headers: { authorization: `Bearer ${simulator.tokens.issue()}` },
      body: JSON.stringify({ page_limit: 1000 }),
    });
    expect(await posted.json()).toMatchObject({ dag_runs: { length: 2 }, total_entries: 5 });
  });

  test("may change the world at a given request", async () => {
    const { world } = simulator;
    simulator.faults.push({ after: () => world.deleteRun(world.run("sales", "run 0"), true) });
    expect(await (await get()).json()).toMatchObject({ total_entries: 5 });
    expect(await (await get()).json()).toMatchObject({ total_entries: 4 });
  });
});

describe("log of requests", () => {
  test("has method, path, query, status and body, and can be cleared", async () => {
    await get(`${runs}?limit=1&order_by=id`);
    expect([...simulator.requests]).toEqual([
      { method: "GET", path: runs, query: "limit=1&order_by=id", status: 200, body: undefined },
    ]);
    simulator.requests.clear();
    expect(simulator.requests).toHaveLength(0);
  });

  test("never contains a password", async () => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ username: "admin", password: "a secret" });
    await fetch(`${simulator.url}/auth/token`, { method: "POST", headers, body });
    expect(JSON.stringify(simulator.requests)).not.toContain("a secret");
  });
});
