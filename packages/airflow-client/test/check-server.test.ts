import { checkServer, createAirflowClient } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { type Handler, json, serve, text } from "./support/server.ts";

const auth = { username: "ann", password: "hunter2!" };

/** Answers by path; HTML like a single-page application's where a path is not named. */
const routes = (answers: Record<string, unknown>): Handler => {
  return ({ url }, response) => {
    const answer = answers[url.split("?")[0] ?? ""];
    if (answer === undefined) return text(response, "<title>Not Found</title>", "text/html", 404);
    return json(response, answer, url === "/auth/token" ? 201 : 200);
  };
};

const airflow3 = {
  "/api/v2/version": { version: "3.3.2", git_version: null },
  "/auth/token": { access_token: "token-1" },
  "/api/v2/dags": { dags: [], total_entries: 30 },
};

async function check(handler: Handler, path = "") {
  const server = await serve(handler);
  const client = createAirflowClient({ baseUrl: server.url + path, auth });
  return { server, error: failure(checkServer(client)), client };
}

describe("a check", () => {
  test("tells the version and the number of DAGs, having proved that the credentials are good", async () => {
    const server = await serve(routes(airflow3));
    const client = createAirflowClient({ baseUrl: server.url, auth });
    expect(await checkServer(client)).toEqual({ version: "3.3.2", gitVersion: null, dags: 30 });
    expect(server.received.map(({ url }) => url)).toEqual(["/api/v2/version", "/auth/token", "/api/v2/dags?limit=1"]);
    expect(server.received[2]?.headers.authorization).toBe("Bearer token-1");
  });

  test("knows Airflow 2", async () => {
    const { server, error } = await check(routes({ "/api/v1/version": { version: "2.10.5", git_version: null } }));
    expect(await error).toMatchObject({ code: "AIRFLOW_2", retryable: false, failureType: "config" });
    expect((await error).message).toBe(
      `${server.url} is Airflow 2.10.5, which has only /api/v1. This client needs Airflow 3.`,
    );
  });

  test("knows what is not Airflow, and sends it no credentials", async () => {
    for (const handler of [
      routes({}),
      routes({ "/api/v2/version": { hello: "world" } }),
      ((_, response) => text(response, "<title>Grafana</title>", "text/html")) satisfies Handler,
    ]) {
      const { server, error } = await check(handler);
      expect(await error).toMatchObject({ code: "NOT_AIRFLOW", failureType: "config" });
      expect((await error).message).toContain(`What answers at ${server.url} is not Airflow 3:`);
      expect(server.received.every(({ method, headers }) => method === "GET" && !headers.authorization)).toBe(true);
    }
  });

  test("knows that Airflow is there, under another path", async () => {
    const { server, error } = await check(routes(airflow3), "/home");
    expect(await error).toMatchObject({ code: "WRONG_BASE_URL", failureType: "config" });
    expect((await error).message).toBe(
      `Airflow 3.3.2 is at ${server.url}, not at ${server.url}/home: use ${server.url} as the base URL.`,
    );
  });

  test("passes on what will pass, and redirects", async () => {
    expect(await (await check((_, response) => json(response, {}, 503))).error).toMatchObject({
      status: 503,
      retryable: true,
    });
    const redirect = await check((_, response) => void response.writeHead(302, { location: "/login" }).end());
    expect(await redirect.error).toMatchObject({ code: "REDIRECTED" });
    expect(redirect.server.received).toHaveLength(1);
  });

  test("passes on that nothing listens", async () => {
    const client = createAirflowClient({ baseUrl: "http://no-such-host.invalid" });
    expect(await failure(checkServer(client))).toMatchObject({ code: "HOST_NOT_FOUND" });
  });

  test("passes on that the credentials are wrong", async () => {
    const { error } = await check((request, response) => {
      if (request.url === "/auth/token") return json(response, { detail: "Invalid credentials" }, 401);
      return routes(airflow3)(request, response);
    });
    expect(await error).toMatchObject({ code: "INVALID_CREDENTIALS" });
  });

  test("heeds its signal", async () => {
    const client = createAirflowClient({ baseUrl: "http://airflow.invalid", fetch: () => new Promise(() => {}) });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(checkServer(client, { signal })).rejects.toThrow("enough");
  });
});
