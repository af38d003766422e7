import { inspect } from "node:util";
import {
  type AirflowAuth,
  type AirflowClientOptions,
  AirflowError,
  AirflowResponseError,
  type ConnectionOptions,
  connections,
  createAirflowClient,
  type FetchFunction,
} from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { failure } from "./support/failure.ts";
import { type Handler, json, serve, text } from "./support/server.ts";

// With characters that JSON, URLs and base64 each write in their own way.
const token = 'canary-token/+=?"\\é&>>>???~~~';
const password = 'canary-pass/+=?"\\ word&>>>???~~~';
const header = "canary-header-7c1";

const spellings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  encodeURIComponent(secret).toLowerCase(),
  new URLSearchParams({ s: secret }).toString().slice(2),
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("base64url"),
  Buffer.from(secret).toString("base64").slice(4, -4),
];

/** Everything that an error says, its stack and its causes' hidden properties too. */
function everything(error: unknown): string {
  const said = inspect(error, { depth: 20, showHidden: true, maxStringLength: null });
  return said + JSON.stringify(error) + (error instanceof Error ? error.stack : "");
}

function expectNoSecret(error: unknown, secrets = [token, password, header]): void {
  const said = everything(error);
  for (const secret of secrets) for (const spelling of spellings(secret)) expect(said).not.toContain(spelling);
}

/** What a careless server or proxy might send back. */
const echo: Handler = ({ headers, body }, response) => {
  const secrets = Object.values(headers).map(String).concat(body);
  json(
    response,
    {
      ...Object.fromEntries(secrets.map((secret) => [secret, "as a key"])),
      detail: [{ loc: ["header"], msg: `You sent ${secrets.join(", ")}`, input: headers }],
      encoded: secrets.flatMap((secret) => [
        encodeURIComponent(secret),
        Buffer.from(`user:${secret}`).toString("base64"),
        Buffer.from(`user:${secret}`).toString("base64url"),
      ]),
    },
    500,
  );
};

const kinds: [string, AirflowAuth][] = [
  ["a token", { token: token.replace("é", "e") }],
  ["a function's token", () => token.replace("é", "e")],
];

describe("no secret appears in an error", () => {
  test.each(kinds)("when the server echoes %s and a header", async (_, auth) => {
    const server = await serve(echo);
    const client = createAirflowClient({ url: server.url, auth, headers: { "x-key": header } });
    const error = await failure(client.GET("/api/v2/version"));
    expect(error.message).toContain("[redacted]");
    expectNoSecret(error, [token.replace("é", "e"), header]);
  });

  test("when the login echoes the password", async () => {
    const server = await serve(echo);
    const client = createAirflowClient({ url: server.url, auth: { username: "ann", password } });
    const error = await failure(client.GET("/api/v2/version"));
    expect(error.message).toContain("[redacted]");
    expectNoSecret(error);
  });

  test("when the server writes it with needless escapes, or in text, or in HTML", async () => {
    const escaped = Array.from(
      password,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ).join("");
    const answers: Handler[] = [
      (_, response) =>
        void response.writeHead(500, { "content-type": "application/json" }).end(`{"detail":"${escaped}"}`),
      (_, response) => text(response, `boom ${password}`, "text/plain", 500),
      (_, response) => text(response, `<title>${encodeURIComponent(password)}</title>`, "text/html", 200),
      (_, response) => text(response, `{"broken": ${JSON.stringify(password)}`, "application/json", 500),
      (_, response) =>
        void response.writeHead(302, { location: `http://other.invalid/${encodeURIComponent(password)}?x` }).end(),
    ];
    for (const answer of answers) {
      const server = await serve(answer);
      const client = createAirflowClient({ url: server.url, auth: { username: "ann", password } });
      const error = await failure(client.GET("/api/v2/version"));
      expectNoSecret(error);
      expect(error).not.toMatchObject({ body: expect.stringContaining(escaped) });
    }
  });

  test.each(["base64", "base64url"] as const)("when it is part of something in %s", async (encoding) => {
    for (const before of ["", "a", "ab"]) {
      const encoded = Buffer.from(`${before}${password}${before}`).toString(encoding);
      const server = await serve((_, response) => text(response, encoded, "text/plain", 500));
      const client = createAirflowClient({ url: server.url, auth: { username: "ann", password } });
      expect((await failure(client.GET("/api/v2/version"), AirflowResponseError)).body).toMatch(
        /^.{0,3}\[redacted\].{0,5}$/,
      );
    }
  });

  test("when a secret is at the point where the excerpt of a long body ends", async () => {
    const server = await serve((_, response) => text(response, `${"x".repeat(990)}${header}`, "text/plain", 500));
    const client = createAirflowClient({ url: server.url, headers: { "x-key": header } });
    expect(everything(await failure(client.GET("/api/v2/version")))).not.toContain("canary");
  });

  test("when fetch itself fails and shows the request in its error", async () => {
    const fetch: FetchFunction = async (url, init) => {
      const headers = Object.fromEntries(new Headers(init.headers));
      const inner = Object.assign(new Error(`sending ${JSON.stringify(headers)}`), { code: "ECONNRESET", headers });
      throw Object.assign(new TypeError(`fetch failed for ${url} with ${headers.authorization}`, { cause: inner }), {
        init,
      });
    };
    const client = createAirflowClient({ url: "http://airflow.invalid", auth: { token: header }, fetch });
    const error = await failure(client.GET("/api/v2/version"));
    expect(error).toMatchObject({ code: "CONNECTION_LOST", cause: { cause: { code: "ECONNRESET" } } });
    expectNoSecret(error);
  });

  test("when a token function fails with the rejected token", async () => {
    const server = await serve((_, response) => json(response, { detail: "Token Expired" }, 401));
    const auth: AirflowAuth = ({ refused }) => {
      if (refused) throw Object.assign(new Error(`could not renew ${refused}`), { refused });
      return header;
    };
    const error = await failure(createAirflowClient({ url: server.url, auth }).GET("/api/v2/version"));
    expect(error.message).toContain("could not renew [redacted]");
    expectNoSecret(error);
  });

  test("when a validation error repeats the body, or rephrases the password", async () => {
    const server = await serve(({ body }, response) => {
      const input = JSON.parse(body) as { password: string };
      const detail = [
        { type: "missing", loc: ["body", "conn_type"], msg: "Field required", input, ctx: { given: input.password } },
        {
          type: "value_error",
          loc: ["body", "password"],
          msg: `${input.password} is too short`,
          input: input.password,
        },
      ];
      json(response, { detail }, 422);
    });
    const client = createAirflowClient({ url: server.url });
    const body = { connection_id: "c", password } as unknown as ConnectionOptions;
    const error = await failure(connections.create(client, body), AirflowResponseError);
    expect(error.message).toContain("body.conn_type: Field required; body.password: [redacted] is too short");
    expect(error.detail).toMatchObject([{ type: "missing" }, { type: "value_error" }]);
    expectNoSecret(error);
  });

  test("when a header or a token cannot be sent", async () => {
    const broken = "canary-line\nbreak";
    const client = (options: Partial<AirflowClientOptions>) =>
      createAirflowClient({ url: "http://airflow.invalid", ...options });
    const errors = [
      await failure((async () => client({ headers: { "x-key": broken } }))()),
      await failure((async () => client({ auth: { token: "canary-lineé" } }))()),
      await failure(client({ auth: () => broken }).GET("/api/v2/version")),
    ];
    for (const error of errors) expectNoSecret(error, ["canary-line"]);
    expect(errors.map((error) => (error as AirflowError).code)).toEqual([
      "INVALID_OPTIONS",
      "INVALID_OPTIONS",
      "AUTH_FAILED",
    ]);
  });

  test("when a Basic header is echoed decoded", async () => {
    const headers = { authorization: `Basic ${btoa("ann:canary-basic")}` };
    const server = await serve((_, response) => json(response, { detail: "ann:canary-basic is wrong" }, 403));
    const error = await failure(createAirflowClient({ url: server.url, headers }).GET("/api/v2/version"));
    expectNoSecret(error, ["canary-basic"]);
  });

  test("when a call's header parameter is echoed", async () => {
    const server = await serve(echo);
    const client = createAirflowClient({ url: server.url });
    const params = { header: { "Airflow-Connection-Test-Token": header } };
    expectNoSecret(await failure(client.GET("/api/v2/connections/enqueue-test", { params })));
  });

  test("and a short password redacts no other words", async () => {
    const server = await serve((_, response) => json(response, { detail: 'airflow: "air" is wrong' }, 500));
    const client = createAirflowClient({ url: server.url, auth: { username: "ann", password: "air" } });
    const error = await failure(client.GET("/api/v2/version"));
    expect(error.message).toContain('airflow: "[redacted]" is wrong');
  });

  test("nor when a client is printed", () => {
    const client = createAirflowClient({
      url: "http://airflow.invalid",
      auth: { token: header },
      headers: { "x-key": header },
    });
    expectNoSecret(client);
  });

  test("nor in the error for an unusable auth option", () => {
    const make = () => createAirflowClient({ url: "http://airflow.invalid", auth: { token: `Bearer ${header}` } });
    expect(make).toThrow(AirflowError);
    expect(make).not.toThrow(new RegExp(header));
  });
});
