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
  const client = createAirflowClient({ url: server.url + path, auth });
  return { server, error: failure(checkServer(client)), client };
}

describe("check", () => {
  test("returns the version and the number of DAGs, after proving that the credentials work", async () => {
    const server = await serve(routes(airflow3));
    const client = createAirflowClient({ url: server.url, auth });
    expect(await checkServer(client)).toEqual({ version: "3.3.2", gitVersion: null, dags: 30 });
    expect(server.received.map(({ url }) => url)).toEqual(["/api/v2/version", "/auth/token", "/api/v2/dags?limit=1"]);
    expect(server.received[2]?.headers.authorization).toBe("Bearer token-1");
  });

  test("recognises Airflow 2", async () => {
    const { server, error } = await check(routes({ "/api/v1/version": { version: "2.10.5", git_version: null } }));
    expect(await error).toMatchObject({ code: "AIRFLOW_2", retryable: false, failureType: "config" });
    expect((await error).message).toBe(
      `${server.url} is Airflow 2.10.5, which has only /api/v1. This client needs Airflow 3.`,
    );
  });

  test("recognises a server that is not Airflow, and sends it no credentials", async () => {
    for (const handler of [
      routes({}),
      routes({ "/api/v2/version": { hello: "world" } }),
      ((_, response) => text(response, "<title>Grafana</title>", "text/html")) satisfies Handler,
    ]) {
      const { server, error } = await check(handler);
      expect(await error).toMatchObject({ code: "NOT_AIRFLOW", failureType: "config" });
      expect((await error).message).toContain(`The server at ${server.url} is not Airflow 3:`);
      expect(server.received.every(({ method, headers }) => method === "GET" && !headers.authorization)).toBe(true);
    }
  });

  test("recognises an Airflow under another path", async () => {
    const { server, error } = await check(routes(airflow3), "/home");
    expect(await error).toMatchObject({ code: "WRONG_URL", failureType: "config" });
    expect((await error).message).toBe(
      `Airflow 3.3.2 is at ${server.url}, not at ${server.url}/home: use ${server.url} as the URL.`,
    );
  });

  test.each([
    ["/team/airflow/home", "/team/airflow"],
    ["/team/airflow/dags/daily/runs/1/tasks/a", "/team/airflow"],
    ["/team/airflow/api/v2/dags", "/team/airflow"],
    ["/team/airflow/auth/login/", "/team/airflow"],
    ["/team/dags/dags/grid", "/team/dags"],
    ["/dags/daily/grid", ""],
  ])("of %s suggests the longest path at which Airflow answers", async (path, right) => {
    const others = { ...airflow3, "/api/v2/version": { version: "3.1.0", git_version: null } };
    const its = Object.fromEntries(Object.entries(airflow3).map(([at, answer]) => [right + at, answer]));
    const server = await serve(routes({ ...others, ...its }));
    const headers = { "x-key": "CANARY", cookie: "session=CANARY" };
    const client = createAirflowClient({ url: server.url + path, auth, headers });
    const error = await failure(checkServer(client));
    expect(error).toMatchObject({ code: "WRONG_URL" });
    expect(error.message).toContain(`Airflow 3.3.2 is at ${server.url}${right}, not at ${client.url}: use `);
    // A guess gets nothing that was meant for the address that was given.
    for (const { url, method, headers } of server.received) {
      expect(method).toBe("GET");
      expect(headers.authorization).toBeUndefined();
      if (!url.startsWith(path.replace(/\/$/, ""))) expect(JSON.stringify(headers)).not.toContain("CANARY");
    }
  });

  test.each([503, 429, 401, 403, 302])("suggests no other Airflow behind one that answers %i", async (status) => {
    const { error } = await check((request, response) => {
      if (request.url.startsWith("/team/airflow/api/")) {
        return void response.writeHead(status, { location: "/login" }).end();
      }
      return routes({ "/api/v2/version": { version: "3.1.0" } })(request, response);
    }, "/team/airflow/home");
    expect(await error).toMatchObject({ code: "NOT_AIRFLOW" });
    expect((await error).message).not.toContain("3.1.0");
  });

  test("does not accept an Airflow if the rest of the path is not one of its pages", async () => {
    const { server, error } = await check(routes(airflow3), "/team/home");
    expect((await error).message).toBe(
      `Airflow 3.3.2 is at ${server.url}, not at ${server.url}/team/home: if that is the right server, use its URL as the URL.`,
    );
  });

  test("recognises Airflow 2 by a page's path", async () => {
    const { server, error } = await check(routes({ "/api/v1/version": { version: "2.10.5" } }), "/home");
    expect((await error).message).toBe(
      `${server.url} is Airflow 2.10.5, which has only /api/v1. This client needs Airflow 3.`,
    );
  });

  test("passes on temporary errors, and redirects", async () => {
    expect(await (await check((_, response) => json(response, {}, 503))).error).toMatchObject({
      status: 503,
      retryable: true,
    });
    const redirect = await check((_, response) => void response.writeHead(302, { location: "/login" }).end());
    expect(await redirect.error).toMatchObject({ code: "REDIRECTED" });
    expect(redirect.server.received).toHaveLength(1);
  });

  test("passes on that the connection was refused", async () => {
    const client = createAirflowClient({ url: "http://no-such-host.invalid" });
    expect(await failure(checkServer(client))).toMatchObject({ code: "HOST_NOT_FOUND" });
  });

  test("passes on that the credentials are wrong", async () => {
    const { error } = await check((request, response) => {
      if (request.url === "/auth/token") return json(response, { detail: "Invalid credentials" }, 401);
      return routes(airflow3)(request, response);
    });
    expect(await error).toMatchObject({ code: "INVALID_CREDENTIALS" });
  });

  test("respects its signal", async () => {
    const client = createAirflowClient({ url: "http://airflow.invalid", fetch: () => new Promise(() => {}) });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(checkServer(client, { signal })).rejects.toThrow("enough");
  });
});
