/** Answers over HTTP, with real requests: what is served, and what is rejected. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "@org/destination/sqlite";
import { questions } from "@org/insights";
import { type Ask, errorOf, fill, served, start } from "@org/testkit/insights/served";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { isOptIn } from "../src/tables.ts";

const folder = mkdtempSync(join(tmpdir(), "serve-"));
const small = sqlite(join(folder, "small.sqlite"));
let ask: Ask;
let closeShared: () => Promise<void>;

beforeAll(async () => {
  await fill(small, { airflow: airflowWorld, dagster: dagsterWorld });
  ({ ask, close: closeShared } = await start({ destination: small, hosts: ["reports.example.com"] }));
});
afterAll(async () => {
  await closeShared();
  rmSync(folder, { recursive: true, force: true });
});

test("the page has an ETag by the time that it shows, and answers 304 if it matches", async () => {
  const { status, headers, body } = await ask("/");
  expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type: "text/html; charset=utf-8" });
  expect([body.slice(0, 15), body.slice(-8)]).toEqual(["<!doctype html>", "</html>\n"]);
  expect(/<h1>([^:]*):/.exec(body)?.[1]).toBe("sqlite");
  expect(headers.etag).toMatch(/^"2026-11-02T12:00:00\.000000Z-[\w-]{16}"$/);
  for (const sent of [headers.etag!, `W/${headers.etag}`, `"other", ${headers.etag}`, "*"]) {
    const again = await ask("/", { headers: { "if-none-match": sent } });
    expect({ status: again.status, body: again.body, etag: again.headers.etag }).toEqual({
      status: 304,
      body: "",
      etag: headers.etag,
    });
  }
  expect((await ask("/", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  expect((await ask("/?days=30")).headers.etag).not.toBe(headers.etag);
});

test("the page's content policy allows requests to its own server, and nothing else", async () => {
  const { headers, body } = await ask("/");
  const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(body) ?? [];
  expect(policy).toMatch(/script-src 'sha256-\S+' 'sha256-\S+'; connect-src 'self';/);
  expect(headers).toMatchObject({
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
  });
  expect(headers).not.toHaveProperty("access-control-allow-origin");
  const { stamp } = JSON.parse((await ask("/status.json")).body) as { stamp: string };
  expect(body).toContain(`id="live" data-stamp="${stamp}"`);
});

test("answers in JSON and CSV, with parameters in the query string", async () => {
  const json = await ask("/api/success_rate.json?days=30&limit=2&include_stale=true&timezone=Europe/Berlin");
  expect(json.headers["content-type"]).toBe("application/json; charset=utf-8");
  const { question, timezone, rows } = JSON.parse(json.body) as Record<string, unknown>;
  expect({ question, timezone, rows }).toEqual({
    question: "success_rate",
    timezone: "Europe/Berlin",
    rows: [expect.anything(), expect.anything()],
  });
  const csv = await ask("/api/success_rate.csv?days=30&limit=2&include_stale=true");
  expect(csv.headers["content-type"]).toMatch(/^text\/csv; charset=utf-8/);
  expect(csv.body.trimEnd().split("\n")).toHaveLength(3);
  expect((await ask("/api/failing_now.csv?pipelines=dagster")).body).not.toContain("airflow");
  expect(csv.headers.etag).toBeDefined();
  const again = await ask("/api/success_rate.csv?days=30&limit=2&include_stale=true", {
    headers: { "if-none-match": csv.headers.etag },
  });
  expect(again.status).toBe(304);
});

test("/api/ lists the questions, and each answers in both formats", async () => {
  const listed = (JSON.parse((await ask("/api/")).body) as { questions: { name: string; json: string; csv: string }[] })
    .questions;
  expect(listed.map(({ name }) => name)).toEqual(questions.map(({ name }) => name));
  for (const [index, { json, csv }] of listed.entries()) {
    // No deadline is configured here, and no opt-in stream is synced.
    const isMissing = json === "/api/deadline_misses.json" || questions[index]!.tables.every(isOptIn);
    const status = isMissing ? 404 : 200;
    for (const path of [json, csv]) expect((await ask(path)).status, path).toBe(status);
  }
});

test.each([
  ["?days=soon", "days must be a number"],
  ["?days=0", "days is 0"],
  ["?days=", "days is empty"],
  ["?days=7&days=8", "days is given twice"],
  ["?limt=3", 'no parameter "limt". There are: '],
  ["?include_stale=yes", "include_stale must be true or false"],
  ["?timezone=Mars/Base", "write an IANA name"],
  ["?since=yesterday", "write a date"],
  ["?since=2026-11-02&until=2026-11-01", "must be before"],
  [`?${"x".repeat(5000)}=1`, "no parameter"],
  ["?__proto__=1", "no parameter"],
  ["?constructor=1", "no parameter"],
])("%s is rejected with 400 and advice", async (query, message) => {
  const got = await ask(`/api/success_rate.json${query}`);
  expect(got.status).toBe(400);
  expect(errorOf(got).code).toBe("INVALID_PARAMETER");
  expect(errorOf(got).message).toContain(message);
  expect(errorOf(got).message.length).toBeLessThan(400);
});

test("an address that is too long is rejected before it is parsed", async () => {
  expect((await ask(`/?${"a".repeat(20_000)}`)).status).toBe(431);
});

test("deadlines are no parameter of a query string, and the page accepts only the window", async () => {
  expect((await ask("/api/deadline_misses.json?expect=1")).status).toBe(400);
  const withoutDeadlines = await ask("/api/deadline_misses.json");
  expect([withoutDeadlines.status, errorOf(withoutDeadlines).code]).toEqual([404, "NO_DEADLINES"]);
  expect(errorOf(withoutDeadlines).message).toContain("expect: in dagsync.yaml");
  expect((await ask("/?limit=3")).status).toBe(400);
  expect((await ask("/?days=14")).status).toBe(200);
});

test.each([
  "/api/nothing.json",
  "/api/constructor.json",
  "/api/success_rate",
  "/api/success_rate.xml",
  "/api/success_rate.json/",
  "/api/../../../etc/passwd",
  "/api/..%2f..%2fetc%2fpasswd",
  "/%",
  "//",
  "/index.html",
  "/api/success_rate.json%00",
])("%s is not found", async (path) => {
  const got = await ask(path);
  expect(got.status).toBe(404);
  expect(errorOf(got).message).toContain("/api/");
});

test("a question about tables that were never synced is not found, and a pipeline without data is rejected", async () => {
  const file = sqlite(join(folder, "dagster.sqlite"));
  await fill(file, { dagster: dagsterWorld });
  const only = await served({ destination: file });
  const got = await only("/api/flaky_tasks.json");
  expect([got.status, errorOf(got).code]).toEqual([404, "NO_TABLES"]);
  expect((await only("/api/success_rate.json?pipelines=prod")).status).toBe(400);
  expect((await only("/")).status).toBe(200);
});

test("only GET and HEAD, and HEAD is GET without its body", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"]) {
    const got = await ask("/api/success_rate.json", { method });
    expect([method, got.status, got.headers.allow]).toEqual([method, 405, "GET, HEAD"]);
  }
  for (const path of ["/", "/api/success_rate.csv", "/api/"]) {
    const [full, head] = [await ask(path), await ask(path, { method: "HEAD" })];
    expect(head).toMatchObject({ status: 200, body: "" });
    for (const name of ["etag", "content-length", "content-type"]) expect(head.headers[name]).toBe(full.headers[name]);
  }
});

test.each([
  ["localhost", 200],
  ["LOCALHOST:1234", 200],
  ["localhost.:1", 200],
  ["127.0.0.1:8642", 200],
  ["192.168.1.7", 200],
  ["[::1]:8642", 200],
  ["reports.example.com", 200],
  ["Reports.Example.com:443", 200],
  ["evil.example.com", 403],
  ["evil.example.com:8642", 403],
  ["127.0.0.1.evil.example.com", 403],
  ["localhost.evil.example.com", 403],
  ["reports.example.com.evil.com", 403],
  ["evil.com#localhost", 403],
  ["localhost@evil.com", 403],
  ["localhost, evil.com", 403],
  ["[::1].evil.com", 403],
  ["[evil]", 403],
  ["127.1", 403],
  ["0x7f.1", 403],
  ["2130706433", 403],
  ["localhost:port", 403],
  [" ", 403],
])("Host %j: %i", async (host, status) => {
  for (const path of ["/api/", "/metrics", "/status.json", "/nowhere"]) {
    const got = await ask(path, { headers: { host }, setHost: false });
    expect(got.status).toBe(path === "/nowhere" && status === 200 ? 404 : status);
  }
});

test("raw requests: without a host, with two, and for another server", async () => {
  const { port, close } = await start({ destination: small });
  onTestFinished(close);
  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = "";
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      socket.setEncoding("utf8").on("data", (part) => {
        answer += part;
      });
      socket.on("close", () => resolve(answer.split("\r\n")[0]!)).on("error", reject);
    });
  const end = "connection: close\r\n\r\n";
  expect(await raw(`GET /api/ HTTP/1.1\r\n${end}`)).toContain(" 400 ");
  expect(await raw(`GET /api/ HTTP/1.0\r\n\r\n`)).toContain(" 403 ");
  expect(await raw(`GET http://evil.example/api/ HTTP/1.1\r\nhost: localhost\r\n${end}`)).toContain(" 404 ");
  expect(await raw(`GET * HTTP/1.1\r\nhost: localhost\r\n${end}`)).toContain(" 404 ");
  const twice = await raw(`GET /api/ HTTP/1.1\r\nhost: evil.example\r\nhost: localhost\r\n${end}`);
  expect(twice).toMatch(/ 40[03] /);
});

test("only the served pipelines, and the parameters that the server was given", async () => {
  const options = { pipelines: ["airflow"], days: 30, parameters: { success_rate: { limit: 1 } } };
  const limited = await served({ destination: small, ...options });
  const { rows, window } = JSON.parse((await limited("/api/success_rate.json")).body);
  expect(rows).toHaveLength(1);
  expect(window.from).toBe("2026-10-03T12:00:00.000000Z");
  expect(JSON.parse((await limited("/api/success_rate.json?limit=3")).body).rows).toHaveLength(3);
  // A request's window replaces the server's default completely.
  const asked = JSON.parse((await limited("/api/success_rate.json?until=2026-11-01")).body).window;
  expect(asked).toEqual({ from: "2026-10-25T00:00:00.000000Z", to: "2026-11-01T00:00:00.000000Z" });
  expect((await limited("/api/success_rate.json?pipelines=dagster")).status).toBe(400);
  expect((await limited("/metrics")).body).not.toContain('pipeline="dagster"');
  expect((await limited("/")).body).not.toContain("ingest");
});
