import { checkServer, createDagsterClient } from "@org/dagster-client";
import { expect, test } from "vitest";
import { json, rejection, serve } from "./serve.ts";

/** A webserver with Dagsters at these paths, which answers pages elsewhere, as Dagster does. */
async function dagsters(versions: Readonly<Record<string, string | number>>) {
  const { url, received } = await serve(({ path }, response) => {
    const found = versions[path.replace(/\/graphql$/, "")];
    if (typeof found === "string") return json(response, { data: { version: found, run: null } });
    if (typeof found === "number") return json(response, {}, found);
    response.writeHead(405, { "content-type": "text/plain" }).end("Method Not Allowed");
  });
  return { origin: new URL(url).origin, received };
}

const secrets = { auth: { token: "CANARY-token" }, headers: { cookie: "session=CANARY" } };

test("returns the version", async () => {
  const { origin } = await dagsters({ "": "1.13.27" });
  expect(await checkServer(createDagsterClient({ url: origin }))).toMatchObject({ version: "1.13.27" });
});

test.each([
  ["/team/dagster/runs", "/team/dagster"],
  ["/team/dagster/assets/a/b/", "/team/dagster"],
  ["/team/dagster/locations/x/jobs/y", "/team/dagster"],
  ["/team/dagster/runs/graphql", "/team/dagster"],
  ["/runs", ""],
])("of %s suggests the longest path at which Dagster answers, without credentials", async (path, right) => {
  const { origin, received } = await dagsters({ "": "1.7.10", [right]: "1.13.27" });
  const error = await rejection(checkServer(createDagsterClient({ url: origin + path, ...secrets })));
  expect(error).toMatchObject({ code: "WRONG_URL", retryable: false });
  const given = path.replace(/\/$/, "").replace(/\/graphql$/, "");
  expect(error.message).toBe(
    `Dagster 1.13.27 is at ${origin}${right}, not at ${origin}${given}: use ${origin}${right} as the URL.`,
  );
  for (const { path, headers } of received.slice(1)) {
    expect(JSON.stringify(headers), path).not.toContain("CANARY");
  }
});

test.each([503, 429, 302])("suggests no other Dagster behind one that answers %i", async (status) => {
  const { origin } = await dagsters({ "": "1.7.10", "/team/dagster": status });
  const error = await rejection(checkServer(createDagsterClient({ url: `${origin}/team/dagster/runs` })));
  expect(error.message).not.toContain("1.7.10");
});

test("accepts a page's server that requires credentials", async () => {
  const { origin } = await dagsters({ "/prod": 401 });
  const error = await rejection(checkServer(createDagsterClient({ url: `${origin}/prod/overview`, ...secrets })));
  expect(error.message).toBe(
    `Dagster is at ${origin}/prod, not at ${origin}/prod/overview: use ${origin}/prod as the URL.`,
  );
});

test("does not accept a Dagster if the rest of the path is not one of its pages", async () => {
  const { origin } = await dagsters({ "": "1.13.27" });
  const error = await rejection(checkServer(createDagsterClient({ url: `${origin}/team/runs` })));
  expect(error.message).toContain(`not at ${origin}/team/runs: if that is the right server`);
});

test("passes on any other error", async () => {
  const { origin } = await dagsters({});
  const nowhere = await rejection(checkServer(createDagsterClient({ url: `${origin}/runs` })));
  expect(nowhere.message).toContain("Is this the URL of Dagster's webserver?");
  const refused = await rejection(checkServer(createDagsterClient({ url: "http://127.0.0.1:1" })));
  expect(refused).toMatchObject({ code: "NETWORK_FAILED" });
});
