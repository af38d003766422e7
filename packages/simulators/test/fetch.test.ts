import { createAirflowSimulator, createDagsterSimulator, type Fault } from "@org/simulators";
import { expect, test } from "vitest";

const runs = "/api/v2/dags/~/dagRuns";

function simulated(...faults: Fault[]) {
  const simulator = createAirflowSimulator();
  simulator.world.addRun(simulator.world.addDag({ dagId: "sales" }));
  simulator.faults.push(...faults);
  const authorization = `Bearer ${simulator.tokens.issue()}`;
  return {
    ...simulator,
    get: (init: RequestInit = {}) => simulator.fetch(runs, { headers: { authorization }, ...init }),
  };
}

test("a simulator is empty unless it is given a world", () => {
  expect([createAirflowSimulator().world.dags.size, createDagsterSimulator().world.runs.size]).toEqual([0, 0]);
});

test("its fetch takes addresses of any host, without one, and requests", async () => {
  const { fetch, tokens, url, requests } = simulated();
  const headers = { authorization: `Bearer ${tokens.issue()}` };
  const inputs = [
    runs,
    `${url}${runs}`,
    new URL(runs, "https://airflow.example.com"),
    new Request(url + runs, { headers }),
  ];
  for (const input of inputs) {
    const response = await fetch(input, input instanceof Request ? undefined : { headers });
    expect(await response.json()).toMatchObject({ total_entries: 1 });
  }
  expect(requests.map(({ method, path, status }) => [method, path, status])).toEqual(Array(4).fill(["GET", runs, 200]));
});

test("its fetch reads bodies of every kind, and logs none with a password", async () => {
  const { fetch, requests } = simulated();
  const login = { username: "admin", password: "admin" };
  const bodies = [new URLSearchParams(login), JSON.stringify(login), new Blob([JSON.stringify(login)])];
  for (const body of bodies) {
    const isForm = body instanceof URLSearchParams;
    const headers = isForm ? undefined : { "content-type": "application/json" };
    const response = await fetch("/auth/token", { method: "POST", body, ...(headers && { headers }) });
    expect(response.status).toBe(201);
  }
  expect(JSON.stringify(requests)).not.toContain("password");
});

test("a response may be slow: before its headers, or in the middle of its body", async () => {
  const { get } = simulated({ stall: "headers", stallMs: 1 }, { stall: "body", stallMs: 1 });
  for (let time = 0; time < 2; time++) expect(await (await get()).json()).toMatchObject({ total_entries: 1 });
});

test("a silent server is left when the client gives up, with its reason", async () => {
  for (const stall of ["headers", "body"] as const) {
    const stop = new AbortController();
    const { get } = simulated({ stall, after: () => void setImmediate(() => stop.abort(new Error("enough"))) });
    if (stall === "headers") setImmediate(() => stop.abort(new Error("enough")));
    await expect(get({ signal: stop.signal }).then((response) => response.json())).rejects.toThrow("enough");
  }
  const { get, requests } = simulated();
  await expect(get({ signal: AbortSignal.abort(new Error("too early")) })).rejects.toThrow("too early");
  expect(requests).toEqual([]);
});

test("a connection may be lost at once or in the middle, as with Node's own fetch", async () => {
  const { get } = simulated({ reset: true }, { cutBodyAt: 10 });
  await expect(get()).rejects.toMatchObject({ name: "TypeError", cause: { code: "ECONNRESET" } });
  const response = await get();
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toMatchObject({ name: "TypeError", cause: { code: "ECONNRESET" } });
});

test("a simulator that listens answers both ways, with one script of faults and one log", async () => {
  const { get, listen, faults, requests, tokens } = simulated({ status: 429 }, { status: 503 });
  const { url, close } = await listen();
  try {
    const { status } = await fetch(url + runs, { headers: { authorization: `Bearer ${tokens.issue()}` } });
    expect([status, (await get()).status, faults.pending]).toEqual([429, 503, 0]);
    expect(requests.map((request) => request.status)).toEqual([429, 503]);
  } finally {
    await close();
  }
});
