import { AirflowAuthError, AirflowError, createAirflowClient } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { type Handler, json, serve } from "./support/server.ts";

const version = "/api/v2/version";
const unauthorized = { 401: { detail: "Token Expired" }, 403: { detail: "Invalid JWT token" } } as const;

/** A server with a login that numbers its tokens, and refuses those below `valid` in the way of `status`. */
async function airflow({
  valid = 1,
  status = 401 as 401 | 403,
  login,
}: {
  valid?: number;
  status?: 401 | 403;
  login?: Handler;
} = {}) {
  const state = { valid, logins: 0 };
  const server = await serve((request, response) => {
    if (request.url === "/auth/token") {
      state.logins += 1;
      if (login) return login(request, response);
      return json(response, { access_token: `token-${state.logins}` }, 201);
    }
    const token = Number(request.headers.authorization?.slice("Bearer token-".length));
    if (token >= state.valid) return json(response, { version: `seen token ${token}` });
    return json(response, unauthorized[status], status);
  });
  return { ...server, state };
}

const password = { username: "ann", password: "hunter2!" };

describe("username and password", () => {
  test("are exchanged for a token once, as JSON, however many calls run in parallel", async () => {
    const server = await airflow();
    const client = createAirflowClient({ url: server.url, auth: password });
    await Promise.all(Array.from({ length: 10 }, () => client.GET(version)));
    expect(server.state.logins).toBe(1);
    expect(server.received[0]).toMatchObject({
      method: "POST",
      url: "/auth/token",
      body: JSON.stringify(password),
      headers: { "content-type": "application/json" },
    });
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });

  test.each([401, 403] as const)(
    "are exchanged again, once for all, when a token is rejected with %d",
    async (status) => {
      const server = await airflow({ status });
      const client = createAirflowClient({ url: server.url, auth: password });
      await client.GET(version);
      server.state.valid = 2;
      const results = await Promise.all(Array.from({ length: 10 }, () => client.GET(version)));
      expect(results.map(({ data }) => data.version)).toEqual(Array(10).fill("seen token 2"));
      expect(server.state.logins).toBe(2);
    },
  );

  test("a request's body is sent again after a renewal", async () => {
    const server = await airflow({ valid: 2 });
    const client = createAirflowClient({ url: server.url, auth: password });
    await client.POST("/api/v2/dags/{dag_id}/dagRuns/list", {
      params: { path: { dag_id: "~" } },
      body: { dag_ids: ["d"] },
    });
    expect(server.received.filter(({ url }) => url !== "/auth/token").map(({ body }) => body)).toEqual([
      '{"dag_ids":["d"]}',
      '{"dag_ids":["d"]}',
    ]);
  });

  test("a 403 for a missing permission does not cause another login", async () => {
    const server = await serve(({ url }, response) =>
      url === "/auth/token"
        ? json(response, { access_token: "token-1" }, 201)
        : json(response, { detail: "Forbidden" }, 403),
    );
    const error = await failure(createAirflowClient({ url: server.url, auth: password }).GET(version));
    expect(error).toMatchObject({ code: "FORBIDDEN", status: 403, retryable: false });
    expect(server.received).toHaveLength(2);
  });

  test("a new token that is rejected too ends in an error that mentions several signing secrets", async () => {
    const server = await airflow({ valid: 99, status: 403 });
    const error = await failure(
      createAirflowClient({ url: server.url, auth: password }).GET(version),
      AirflowAuthError,
    );
    expect(error).toMatchObject({ code: "TOKEN_REFUSED", status: 403, retryable: false, failureType: "config" });
    expect(error.message).toContain("[api_auth] jwt_secret");
    expect(server.state.logins).toBe(2);
  });

  test("a wrong password is reported as such", async () => {
    const server = await airflow({ login: (_, response) => json(response, { detail: "Invalid credentials" }, 401) });
    const error = await failure(
      createAirflowClient({ url: server.url, auth: password }).GET(version),
      AirflowAuthError,
    );
    expect(error).toMatchObject({ code: "INVALID_CREDENTIALS", method: "POST", path: "/auth/token", retryable: false });
    expect(error.message).toContain("wrong user name or password");
  });

  test.each([
    [404, { error: "API route not found" }, "NOT_AN_API", false, "pass the client a token"],
    [503, { detail: "starting" }, "SERVER_ERROR", true, "answered 503: starting"],
    [200, { jwt: "secret-token" }, "NOT_AN_API", false, "without an access_token"],
  ] as const)("a login that answers %d %j is %s", async (status, body, code, retryable, message) => {
    const server = await airflow({ login: (_, response) => json(response, body, status) });
    const error = await failure(createAirflowClient({ url: server.url, auth: password }).GET(version));
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toContain(message);
    expect(JSON.stringify(error)).not.toContain("secret-token");
  });

  test("a truncated login is retryable, and reveals nothing of the token", async () => {
    const server = await airflow({
      login: (_, response) =>
        void response.writeHead(201, { "content-type": "application/json" }).end('{"access_token":"secret-tok'),
    });
    const error = await failure(createAirflowClient({ url: server.url, auth: password }).GET(version));
    expect(error).toMatchObject({ code: "INVALID_JSON", retryable: true, body: "" });
  });

  test("the next call tries again after a failed login", async () => {
    let broken = true;
    const server = await airflow({
      login: (_, response) => (broken ? json(response, {}, 503) : json(response, { access_token: "token-1" }, 201)),
    });
    const client = createAirflowClient({ url: server.url, auth: password });
    await failure(client.GET(version));
    broken = false;
    expect((await client.GET(version)).data.version).toBe("seen token 1");
  });

  test("one caller's abort does not end the login for the others", async () => {
    const controller = new AbortController();
    let finishLogin = () => {};
    const server = await airflow({
      login: (_, response) => {
        finishLogin = () => json(response, { access_token: "token-1" }, 201);
        controller.abort(new Error("not me"));
      },
    });
    const client = createAirflowClient({ url: server.url, auth: password });
    const aborted = client.GET(version, { signal: controller.signal });
    const other = client.GET(version);
    await expect(aborted).rejects.toThrow("not me");
    finishLogin();
    expect((await other).data.version).toBe("seen token 1");
    expect(server.state.logins).toBe(1);
  });

  test("a login that never answers times out", async () => {
    const server = await airflow({ login: () => {} });
    const client = createAirflowClient({ url: server.url, auth: password, timeoutMs: 50 });
    expect(await failure(client.GET(version))).toMatchObject({ code: "TIMEOUT", retryable: true });
  });
});

describe("token", () => {
  test("that has expired is reported after one request", async () => {
    const server = await airflow({ valid: 2 });
    const error = await failure(
      createAirflowClient({ url: server.url, auth: { token: "token-1" } }).GET(version),
      AirflowAuthError,
    );
    expect(error).toMatchObject({ code: "TOKEN_EXPIRED", status: 401, detail: "Token Expired", failureType: "config" });
    expect(error.message).toContain("The token has expired: provide a new one.");
    expect(server.received).toHaveLength(1);
  });

  test("that the server cannot read is reported with the reason", async () => {
    const server = await airflow({ valid: 2, status: 403 });
    const error = await failure(createAirflowClient({ url: server.url, auth: { token: "token-1" } }).GET(version));
    expect(error).toMatchObject({ code: "TOKEN_REFUSED", retryable: false });
    expect(error.message).toContain("signing secret has changed");
  });

  test.each([{ token: "" }, { token: "Bearer x" }, { username: "", password: "x" }, { username: "x", password: "" }])(
    "or password that cannot be right is rejected at once: %j",
    (auth) => {
      expect(() => createAirflowClient({ url: "http://airflow.invalid", auth })).toThrow(AirflowError);
    },
  );
});

describe("function", () => {
  test("is called once, and again with the rejected token", async () => {
    const server = await airflow({ valid: 2 });
    const asked: (string | undefined)[] = [];
    const client = createAirflowClient({
      url: server.url,
      auth: ({ refused }) => {
        asked.push(refused);
        return `token-${asked.length}`;
      },
    });
    await Promise.all([client.GET(version), client.GET(version)]);
    expect(asked).toEqual([undefined, "token-1"]);
  });

  test("whose second token is rejected too ends in an error", async () => {
    const server = await airflow({ valid: 99 });
    const error = await failure(
      createAirflowClient({ url: server.url, auth: () => "token-1" }).GET(version),
      AirflowAuthError,
    );
    expect(error).toMatchObject({ code: "TOKEN_REFUSED" });
    expect(server.received).toHaveLength(2);
  });

  test("that throws, or returns nothing, causes a separate error; the function decides whether to retry", async () => {
    const make = (auth: () => string) => createAirflowClient({ url: "http://airflow.invalid", auth }).GET(version);
    const broken = await failure(
      make(() => {
        throw Object.assign(new Error("vault is sealed"), { retryable: true });
      }),
    );
    expect(broken).toMatchObject({ code: "AUTH_FAILED", retryable: true });
    expect(broken.message).toContain("vault is sealed");
    expect(await failure(make(() => ""))).toMatchObject({ code: "AUTH_FAILED", retryable: false });
  });

  test("that never returns times out", async () => {
    const auth = () => new Promise<string>(() => {});
    const client = createAirflowClient({ url: "http://airflow.invalid", auth, timeoutMs: 50 });
    expect(await failure(client.GET(version))).toMatchObject({ code: "TIMEOUT" });
  });
});

describe("no auth", () => {
  test("works if the server requires none", async () => {
    const server = await serve(({ headers }, response) => json(response, { version: String(headers.authorization) }));
    expect((await createAirflowClient({ url: server.url }).GET(version)).data.version).toBe("undefined");
  });

  test("is reported as missing if the server requires it", async () => {
    const server = await serve((_, response) => json(response, { detail: "Not authenticated" }, 401));
    const error = await failure(createAirflowClient({ url: server.url }).GET(version), AirflowAuthError);
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", status: 401, detail: "Not authenticated" });
    expect(error.message).toContain("pass the client a token, or a user name and password");
  });
});

test("a secret that changes now and then is no reason to give up", async () => {
  const server = await airflow({ status: 403 });
  const client = createAirflowClient({ url: server.url, auth: password });
  for (let change = 1; change <= 8; change += 1) {
    for (let call = 0; call < 101; call += 1) await client.GET(version);
    server.state.valid = change + 1;
  }
  expect((await client.GET(version)).data.version).toBe("seen token 9");
});
