import { createEmptyAirflowWorld, type StartedAirflow, startAirflowSimulator } from "@org/simulators/internal";
import { violation } from "@org/testkit/airflow-specification";
import { afterEach, describe, expect, test } from "vitest";

let simulator: StartedAirflow;
afterEach(() => simulator.close());

async function start(options: Parameters<typeof startAirflowSimulator>[0] = {}) {
  simulator = await startAirflowSimulator({ validate: violation, ...options });
  return simulator;
}

async function get(path: string) {
  const headers = { authorization: `Bearer ${simulator.tokens.issue()}` };
  const response = await fetch(simulator.url + path, { headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text.startsWith("{") ? JSON.parse(text) : {},
  };
}

const runs = "/api/v2/dags/~/dagRuns";

function smallWorld(count = 5) {
  const world = createEmptyAirflowWorld();
  const dag = world.addDag({ dagId: "sales" });
  for (let index = 0; index < count; index++) world.addRun(dag, { runId: `run/${index}` });
  return { world, dag };
}

describe("clock", () => {
  test("sets the Date header, in whole seconds", async () => {
    const { clock } = await start(smallWorld());
    clock.set(Date.UTC(2027, 1, 3, 4, 5, 6, 789));
    expect((await get(runs)).headers.get("date")).toBe("Wed, 03 Feb 2027 04:05:06 GMT");
  });

  test("expires tokens, with a leeway of ten seconds", async () => {
    const { clock, tokens, url } = await start({ ...smallWorld(), tokenLifetimeMs: 60_000 });
    const headers = { authorization: `Bearer ${tokens.issue()}` };
    const status = async () => (await fetch(url + runs, { headers })).status;
    clock.advance(65_000);
    expect(await status()).toBe(200);
    clock.advance(10_000);
    expect(await status()).toBe(401);
  });

  test("answers old tokens with 403 after the secret was rotated", async () => {
    const { tokens, url } = await start(smallWorld());
    const headers = { authorization: `Bearer ${tokens.issue()}` };
    tokens.rotateSecret();
    expect((await fetch(url + runs, { headers })).status).toBe(403);
    expect((await get(runs)).status).toBe(200);
  });
});

describe("rows that no filter and no path reach", () => {
  test("a run with a slash has no path, and is found by pattern", async () => {
    await start(smallWorld());
    expect((await get("/api/v2/dags/sales/dagRuns/run%2F1/taskInstances")).json).toEqual({
      error: "API route not found",
    });
    expect((await get(`${runs}?run_id_pattern=run/1`)).json.total_entries).toBe(1);
  });

  test("a row without updated_at matches no window", async () => {
    const { world, dag } = smallWorld();
    await start({ world });
    world.unstamp([...dag.runs.values()][0]!);
    expect((await get(`${runs}?updated_at_gte=1970-01-01T00:00:00Z`)).json.total_entries).toBe(4);
  });

  test("a poisoned row turns its page into a bare 500, and no other page", async () => {
    const { world, dag } = smallWorld();
    await start({ world });
    world.poison([...dag.runs.values()][2]!);
    const page = await get(`${runs}?limit=3`);
    expect([page.status, page.text]).toEqual([500, "Internal Server Error"]);
    expect((await get(`${runs}?limit=2`)).status).toBe(200);
    expect((await get(`${runs}?limit=2&offset=3`)).status).toBe(200);
  });
});

describe("older and stricter servers", () => {
  test("one without cursor ignores it and lacks its keys", async () => {
    await start({ ...smallWorld(), cursor: false, validate: undefined });
    const { json } = await get(`${runs}?limit=2&cursor=garbage`);
    expect(Object.keys(json)).toEqual(["dag_runs", "total_entries"]);
    expect((await get("/api/v2/version")).json.version).toBe("3.1.8");
  });

  test("one with another maximum clamps to it, by cursor too, but not for a POST", async () => {
    await start({ ...smallWorld(), maximumPageLimit: 2 });
    expect((await get(`${runs}?limit=5`)).json.dag_runs).toHaveLength(2);
    expect((await get(`${runs}?limit=5&cursor=&order_by=id`)).json.dag_runs).toHaveLength(2);
    const posted = await fetch(`${simulator.url}${runs}/list`, {
      method: "POST",
      headers: { authorization: `Bearer ${simulator.tokens.issue()}` },
      body: "{}",
    });
    expect(((await posted.json()) as { dag_runs: unknown[] }).dag_runs).toHaveLength(5);
  });

  test("rejects what the simulator does not support, instead of answering wrongly", async () => {
    await start(smallWorld());
    expect((await get("/api/v2/providers")).status).toBe(501);
    expect((await get(`${runs}?conf_contains=x`)).status).toBe(501);
  });
});

test("a response that violates the specification is a 500 that says where", async () => {
  const { world, dag } = smallWorld();
  await start({ world });
  world.setDag(dag, { maxActiveTasks: "many" as unknown as number });
  const reply = await get("/api/v2/dags/sales");
  expect(reply.status).toBe(500);
  expect(reply.text).toContain("get /api/v2/dags/{dag_id} 200");
  expect(reply.text).toContain("max_active_tasks");
});

test("offset paging over moving rows loses some, cursor paging none", async () => {
  const { world, dag } = smallWorld(6);
  await start({ world });
  const tasks = "/api/v2/dags/~/dagRuns/~/taskInstances?order_by=id&limit=2";
  const ids = (page: Awaited<ReturnType<typeof get>>) =>
    page.json.task_instances.map((task: { dag_run_id: string }) => task.dag_run_id);
  const first = await get(`${tasks}&cursor=`);
  for (const run of [...dag.runs.values()].slice(0, 2)) world.clearTask(run.tasks[0]!);
  expect(ids(await get(`${tasks}&offset=2`))).toEqual(["run/4", "run/5"]);
  expect(ids(await get(`${tasks}&cursor=${first.json.next_cursor}`))).toEqual(["run/2", "run/3"]);
});

test("what the real server can do and this one cannot is a 501, whatever the method, and nothing else is", async () => {
  await start();
  const status = async (method: string, path: string) => {
    const headers = { authorization: `Bearer ${simulator.tokens.issue()}` };
    return (await fetch(simulator.url + path, { method, headers })).status;
  };
  expect(await status("POST", "/api/v2/dags/sales/dagRuns")).toBe(501);
  expect(await status("PATCH", "/api/v2/dags/sales")).toBe(501);
  expect(await status("GET", "/api/v2/plugins")).toBe(501);
  expect(await status("PUT", "/api/v2/plugins")).toBe(405);
  expect(await status("GET", "/api/v2/nothing")).toBe(404);
});
