import { astroAuth, composerAuth, createAirflowClient, type FetchFunction, mwaaAuth } from "@org/airflow-client";
import { expect, test } from "vitest";
import { json, serve } from "./support/server.ts";

/** An API that takes one token, and says which it got. */
async function api(valid: () => string) {
  return serve(({ headers, url, body }, response) => {
    if (url === "/pluginsv2/aws_mwaa/login") return mwaaLogin(body, valid, response);
    if (headers.authorization === `Bearer ${valid()}`) return json(response, { version: "3.3.2" });
    return json(response, { detail: "Token Expired" }, 401);
  });
}

/** As Amazon documents it: a web login token in a form, good for one minute, becomes the cookie `_token`. */
function mwaaLogin(body: string, valid: () => string, response: import("node:http").ServerResponse): void {
  if (new URLSearchParams(body).get("token") !== "web+token/1=") {
    response.writeHead(403, { "content-type": "text/html" }).end("<h1>Forbidden</h1>");
    return;
  }
  const cookies = ["session=other; Path=/", `_token=${valid()}; Path=/; Secure; HttpOnly`];
  response.writeHead(200, { "set-cookie": cookies }).end("<html></html>");
}

test("an Astro API token is sent unchanged", async () => {
  const { url } = await api(() => "astro-token");
  const client = createAirflowClient({ url: url, auth: astroAuth("astro-token\n") });
  expect((await client.GET("/api/v2/version")).data.version).toBe("3.3.2");
});

test("Google's access token is renewed after it expires, and a missing one is explained", async () => {
  let valid = "first";
  let asked = 0;
  const { url } = await api(() => valid);
  const auth = composerAuth(async () => {
    asked += 1;
    return valid;
  });
  const client = createAirflowClient({ url: url, auth });
  await client.GET("/api/v2/version");
  valid = "second";
  await Promise.all([client.GET("/api/v2/version"), client.GET("/api/v2/version")]);
  expect(asked).toBe(2);
  const without = createAirflowClient({ url: url, auth: composerAuth(() => null) });
  await expect(without.GET("/api/v2/version")).rejects.toMatchObject({
    code: "AUTH_FAILED",
    message: expect.stringContaining("Google returned no access token"),
  });
});

/** Sends what would go to an environment of MWAA to a server here. */
const to =
  (url: string): FetchFunction =>
  (address, init) => {
    const { host, pathname } = new URL(address);
    expect(host).toBe("abc.c1.airflow.eu-west-1.on.aws");
    return fetch(url + pathname, init);
  };
const webToken = (token: string) => async () => ({
  WebServerHostname: "abc.c1.airflow.eu-west-1.on.aws",
  WebToken: token,
});

test("MWAA's web login token is exchanged for an API token, and again after that expires", async () => {
  let valid = "jwt.one.1";
  const { url, received } = await api(() => valid);
  const auth = mwaaAuth(webToken("web+token/1="), { fetch: to(url) });
  const client = createAirflowClient({ url: url, auth });
  await client.GET("/api/v2/version");
  valid = "jwt.two.2";
  await client.GET("/api/v2/version");
  expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "POST /pluginsv2/aws_mwaa/login",
    "GET /api/v2/version",
    "GET /api/v2/version",
    "POST /pluginsv2/aws_mwaa/login",
    "GET /api/v2/version",
  ]);
});

test("a login rejected by MWAA gives an error that says what to check, without the token", async () => {
  const { url } = await api(() => "jwt");
  const auth = mwaaAuth(webToken("stale-web-token"), { fetch: to(url) });
  const failure = await createAirflowClient({ url: url, auth })
    .GET("/api/v2/version")
    .catch((error) => error);
  expect(failure).toMatchObject({ code: "AUTH_FAILED", retryable: false });
  expect(failure.message).toContain(
    "answered 403 without the cookie _token. Check that the environment runs Airflow 3",
  );
  expect(JSON.stringify([failure.message, failure.stack, failure.cause])).not.toContain("stale-web-token");
  const nothing = mwaaAuth(async () => ({}), { fetch: to(url) });
  await expect(createAirflowClient({ url: url, auth: nothing }).GET("/api/v2/version")).rejects.toThrow(
    "no WebServerHostname",
  );
});

test("a login without a response may be retried", async () => {
  const auth = mwaaAuth(webToken("web+token/1="), { fetch: () => Promise.reject(new TypeError("fetch failed")) });
  const client = createAirflowClient({ url: "http://127.0.0.1:2", auth });
  await expect(client.GET("/api/v2/version")).rejects.toMatchObject({
    code: "AUTH_FAILED",
    retryable: true,
    message: expect.stringContaining("got no response: fetch failed"),
  });
});
