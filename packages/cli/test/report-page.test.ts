/** `dagsync report --html`: where the page goes. What is in it is tested with the questions. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeS3 } from "@org/testkit/fake-s3";
import { expect, onTestFinished, test, vi } from "vitest";
import { dagsync } from "./helpers.ts";
import { openPlace, zone } from "./report-place.ts";

const { folder, place, report } = openPlace();

test("--html writes one page, or says why it cannot", async () => {
  const file = join(folder, "report.html");
  expect(await report("--html", file)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/report\.html \(\d+ kB\)\n$/),
  });
  expect(readFileSync(file, "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect((await report("--html", join(folder, "missing", "report.html"))).stderr).toContain(
    "--html: the file cannot be written (ENOENT)",
  );
  expect((await report("failing_now", "--html", file)).code).toBe(2);
});

test("--html writes an object to a bucket, and leaves the old one if it cannot", async () => {
  const s3 = await startFakeS3();
  onTestFinished(() => s3.stop());
  const env = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "s3cret" };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const address = `s3://bucket/pages/report.html?endpoint=${s3.endpoint}&region=us-east-1`;
  expect(await report("--html", address)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^s3:\/\/bucket\/pages\/report\.html \(\d+ kB\)\n$/),
  });
  expect([...s3.objects.keys()]).toEqual(["/bucket/pages/report.html"]);
  expect(s3.types.get("/bucket/pages/report.html")).toBe("text/html; charset=utf-8");
  const page = s3.objects.get("/bucket/pages/report.html");
  expect(String(page)).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  s3.fault = (method) => (method === "PUT" ? { status: 403, code: "AccessDenied" } : undefined);
  const refused = await report("--html", address);
  expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("pages/report.html") });
  expect(s3.objects.get("/bucket/pages/report.html")).toBe(page);
  for (const [place, message] of [
    ["s3://bucket", "no object"],
    ["s3://bucket/pages/", "no object"],
    ["s3://key:s3cret@bucket/report.html", "must not contain credentials"],
    ["https://example.com/report.html", "--html needs a path"],
    [`${address}&format=csv`, "unknown option"],
  ] as const) {
    const { code, stderr } = await report("--html", place);
    expect([place, code, stderr]).toEqual([place, 2, expect.stringContaining(message)]);
    expect(stderr).not.toContain("s3cret");
  }
});

test("a configuration's page links to its servers, whose address may be a variable", async () => {
  const [config, file] = [join(folder, "linked.yaml"), join(folder, "linked.html")];
  writeFileSync(
    config,
    `sources: { a: { kind: airflow, url: "\${SERVER}" } }
destinations: { here: "${place}" }
pipelines: [{ name: prod, from: a, to: here }]\n`,
  );
  const env = { SERVER: "https://airflow.example.com" };
  expect((await dagsync(["report", "--config", config, "--html", file], { env })).code).toBe(0);
  expect(readFileSync(file, "utf8")).toContain('<a href="https://airflow.example.com/dags/');
  // So do findings that are no page.
  const asked = async (...args: string[]) =>
    (await dagsync(["report", ...args, "--config", config, ...zone], { env })).stdout;
  const [first] = JSON.parse(await asked("needs_attention", "--format", "json")).rows;
  expect(first.link).toMatch(/^https:\/\/airflow\.example\.com\/dags\//);
  expect(await asked()).toContain(`\n            ${first.link}\n`);
  expect(await asked("--format", "markdown")).toMatch(
    /^- \*\*\[[^\]]+\]\(https:\/\/airflow\.example\.com\/[^)_*]+\)\*\*: /m,
  );
  expect(await asked("needs_attention", "--format", "csv")).toContain(`,${first.link}\n`);
});
