import { AirflowError, AirflowNetworkError, AirflowResponseError, createAirflowClient } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { json, serve, text } from "./support/server.ts";

const runs = "/api/v2/dags/{dag_id}/dagRuns";
const run = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}";

describe("requests", () => {
  test("query arrays repeat, an empty cursor stays, plus and percent are encoded, undefined is omitted", async () => {
    const server = await serve((_, response) => json(response, { dag_runs: [] }));
    const query = {
      state: ["queued", "running"] as const,
      cursor: "",
      updated_at_gte: "2026-01-01T00:00:00+00:00",
      run_id_pattern: "50%",
      limit: undefined,
    };
    await createAirflowClient({ url: server.url }).GET(runs, { params: { path: { dag_id: "~" }, query } });
    expect(server.received[0]?.url).toBe(
      "/api/v2/dags/~/dagRuns?state=queued&state=running&cursor=&updated_at_gte=2026-01-01T00%3A00%3A00%2B00%3A00&run_id_pattern=50%25",
    );
  });

  test("ids in the path are encoded", async () => {
    const server = await serve((_, response) => json(response, {}));
    const client = createAirflowClient({ url: server.url });
    await client.GET(run, { params: { path: { dag_id: "a b", dag_run_id: "manual+50% ü&;?#{dag_id}$&" } } });
    expect(server.received[0]?.url).toBe(
      "/api/v2/dags/a%20b/dagRuns/manual%2B50%25%20%C3%BC%26%3B%3F%23%7Bdag_id%7D%24%26",
    );
  });

  test.each(["a/b", "", ".", "..", "\ud800"])(
    "a run id %j, which no URL can carry, is rejected before anything is sent",
    async (id) => {
      const server = await serve((_, response) => json(response, {}));
      const client = createAirflowClient({ url: server.url });
      const error = await failure(client.GET(run, { params: { path: { dag_id: "d", dag_run_id: id } } }));
      expect(error).toMatchObject({ code: "UNADDRESSABLE_ID", retryable: false });
      expect(error.message).toContain("dag_run_id");
      expect(server.received).toEqual([]);
    },
  );

  test("a variable's key may contain a slash", async () => {
    const server = await serve((_, response) => json(response, {}));
    const client = createAirflowClient({ url: server.url });
    await client.GET("/api/v2/variables/{variable_key}", { params: { path: { variable_key: "team/key" } } });
    expect(server.received[0]?.url).toBe("/api/v2/variables/team%2Fkey");
  });

  test("bodies are sent as JSON, with the client's headers", async () => {
    const server = await serve((_, response) => json(response, { dag_runs: [] }));
    const client = createAirflowClient({ url: server.url, headers: { "x-proxy-key": "k-123456" } });
    await client.POST("/api/v2/dags/{dag_id}/dagRuns/list", {
      params: { path: { dag_id: "~" } },
      body: { dag_ids: ["d"] },
    });
    expect(server.received[0]).toMatchObject({
      method: "POST",
      body: '{"dag_ids":["d"]}',
      headers: { "content-type": "application/json", accept: "application/json", "x-proxy-key": "k-123456" },
    });
  });

  test("request() accepts any path below the URL, and no other host", async () => {
    const server = await serve((_, response) => json(response, { users: [] }));
    const client = createAirflowClient({ url: `${server.url}/my`, auth: { token: "token-1" } });
    const { data } = await client.request("GET", "/auth/fab/v1/users?limit=1");
    expect(data).toEqual({ users: [] });
    expect(server.received[0]).toMatchObject({
      url: "/my/auth/fab/v1/users?limit=1",
      headers: { authorization: "Bearer token-1" },
    });
    expect(await failure(client.request("GET", "http://elsewhere.invalid/x"))).toMatchObject({
      code: "INVALID_OPTIONS",
    });
  });
});

describe("URL", () => {
  test.each(["", "/", "/api/v2", "/api/v2/", "/my/airflow", "/my/airflow/", "/my/airflow/api/v2/"])(
    "may end in %j",
    async (ending) => {
      const server = await serve((_, response) => json(response, {}));
      await createAirflowClient({ url: server.url + ending }).GET("/api/v2/version");
      expect(server.received[0]?.url).toBe(`${ending.startsWith("/my") ? "/my/airflow" : ""}/api/v2/version`);
    },
  );

  test.each(["localhost:8080", "airflow.example.com", "ftp://example.com", "", "/airflow"])(
    "%j is rejected, with how it must begin",
    (baseUrl) => {
      expect(() => createAirflowClient({ url: baseUrl })).toThrow(
        `The URL ${JSON.stringify(baseUrl)} must start with http:// or https://, for example http://localhost:8080.`,
      );
    },
  );

  test("credentials inside it are rejected, with the reason and without the credentials", () => {
    for (const baseUrl of [
      "https://ann:hunter2@example.com/x",
      "ann:hunter2@example.com",
      "https://example.com?token=hunter2",
    ]) {
      const make = () => createAirflowClient({ url: baseUrl });
      expect(make).toThrow(AirflowError);
      expect(make).not.toThrow(/hunter2/);
    }
    expect(() => createAirflowClient({ url: "https://ann:hunter2@example.com/x" })).toThrow(
      /example\.com contains a user name or password\. URLs end up in logs.*auth: \{ username, password \}/,
    );
  });
});

describe("responses", () => {
  test("data and the response, whose headers can be read", async () => {
    const server = await serve((_, response) =>
      json(response, { dag_id: "d" }, 200, { date: "Sat, 21 Nov 2026 09:00:00 GMT" }),
    );
    const client = createAirflowClient({ url: server.url });
    const { data, response } = await client.GET("/api/v2/dags/{dag_id}", { params: { path: { dag_id: "d" } } });
    expect(data.dag_id).toBe("d");
    expect(response.headers.get("date")).toBe("Sat, 21 Nov 2026 09:00:00 GMT");
  });

  test("undefined for 204", async () => {
    const server = await serve((_, response) => void response.writeHead(204).end());
    const client = createAirflowClient({ url: server.url });
    const { data } = await client.DELETE("/api/v2/dags/{dag_id}", { params: { path: { dag_id: "d" } } });
    expect(data).toBeUndefined();
  });

  test("text if text was requested, and never HTML", async () => {
    const server = await serve(({ url }, response) =>
      text(response, "import x", url.endsWith("html") ? "text/html" : "text/plain; charset=utf-8"),
    );
    const client = createAirflowClient({ url: server.url });
    const source = (dag_id: string, accept?: "text/plain" | "*/*") =>
      client.GET("/api/v2/dagSources/{dag_id}", { params: { path: { dag_id }, header: { accept } } });
    expect((await source("d", "text/plain")).data).toBe("import x");
    expect(await failure(source("d"))).toMatchObject({ code: "NOT_AN_API" });
    expect(await failure(source("html", "*/*"))).toMatchObject({ code: "NOT_AN_API" });
  });
});

describe("limits", () => {
  test("a server that never answers times out", async () => {
    const server = await serve(() => {});
    const error = await failure(
      createAirflowClient({ url: server.url, timeoutMs: 50 }).GET("/api/v2/version"),
      AirflowNetworkError,
    );
    expect(error).toMatchObject({ code: "TIMEOUT", retryable: true });
    expect(error.message).toContain("/api/v2/version was not complete after 50 ms");
  });

  test("so does a body that stalls, after the call's timeout", async () => {
    const server = await serve(
      (_, response) => void response.writeHead(200, { "content-type": "application/json" }).write('{"version":'),
    );
    const client = createAirflowClient({ url: server.url });
    expect(await failure(client.GET("/api/v2/version", { timeoutMs: 50 }))).toMatchObject({ code: "TIMEOUT" });
  });

  test("so does a fetch that ignores its signal", async () => {
    const client = createAirflowClient({
      url: "http://airflow.invalid",
      timeoutMs: 50,
      fetch: () => new Promise(() => {}),
    });
    expect(await failure(client.GET("/api/v2/version"))).toMatchObject({ code: "TIMEOUT" });
  });

  test.each(["client", "call"])(
    "the %s's signal aborts a running call, which rejects with exactly that reason",
    async (whose) => {
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("enough");
      const server = await serve(() => controller.abort(reason));
      const client = createAirflowClient({ url: server.url, signal: whose === "client" ? signal : undefined });
      const call = client.GET("/api/v2/version", { signal: whose === "call" ? signal : undefined });
      await expect(call).rejects.toBe(reason);
      await expect(client.GET("/api/v2/version", { signal })).rejects.toBe(reason);
      expect(server.received).toHaveLength(1);
    },
  );

  test.each([0, -1, Number.NaN, 2 ** 31])("timeoutMs %d is rejected", async (timeoutMs) => {
    const baseUrl = "http://airflow.invalid";
    expect(() => createAirflowClient({ url: baseUrl, timeoutMs })).toThrow(/timeoutMs must be/);
    const call = createAirflowClient({ url: baseUrl }).GET("/api/v2/version", { timeoutMs });
    expect(await failure(call)).toMatchObject({ code: "INVALID_OPTIONS" });
  });
});

describe("redirects", () => {
  test("are errors that name the target, without its query, and send no credentials there", async () => {
    const other = await serve((_, response) => json(response, {}));
    const server = await serve(
      (_, response) => void response.writeHead(302, { location: `${other.url}/login?next=secret` }).end(),
    );
    const client = createAirflowClient({ url: server.url, auth: { token: "token-1" } });
    const error = await failure(client.GET("/api/v2/version"), AirflowResponseError);
    expect(error).toMatchObject({ code: "REDIRECTED", status: 302, retryable: false });
    expect(error.message).toContain(`was redirected to ${other.url}/login.`);
    expect(error.message).not.toContain("secret");
    expect(other.received).toEqual([]);
  });

  test("from http to https on the same host suggest the right URL", async () => {
    const server = await serve(
      ({ headers }, response) => void response.writeHead(301, { location: `https://${headers.host}/` }).end(),
    );
    const error = await failure(createAirflowClient({ url: server.url }).GET("/api/v2/version"));
    expect(error.message).toContain(`use ${server.url.replace("http:", "https:")} as the URL`);
  });
});
