/** The page must be complete, run nothing but its own script, and have readable data. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { sqlite } from "@org/destination/sqlite";
import { type Insights, openInsights } from "@org/insights";
import { type PageOptions, reportPage } from "@org/insights/page";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { dag, run, store } from "@org/testkit/insights/world";
import { afterAll, beforeAll, expect, test } from "vitest";

const hostile = `</script><img src=x onerror="alert(1)">'\u202e\u0007`;
const folder = mkdtempSync(join(tmpdir(), "insights-"));
let insights: Insights;

beforeAll(async () => {
  const destination = sqlite(join(folder, "world.sqlite"));
  const failed = run(hostile, `run ${hostile}`, { due: "11-02 06:00", took: 5 }, { state: "failed" });
  const airflow = {
    ...airflowWorld,
    dags: [...airflowWorld.dags, dag(hostile, { owners: hostile })],
    runs: [...airflowWorld.runs, failed],
  };
  for (const [pipeline, world] of Object.entries({ airflow, dagster: dagsterWorld })) {
    const session = await destination.open({ pipeline });
    await store(session, world);
    await session.close();
  }
  insights = await openInsights(destination);
});
afterAll(async () => {
  await insights.close();
  rmSync(folder, { recursive: true, force: true });
});

const page = (options: Partial<PageOptions> = {}) =>
  reportPage(insights, { title: "Production", timezone: "America/New_York", ...options });

const dataOf = (text: string) => {
  const [, block = ""] = /<script type="[^"]*" id="dagsync-data">([^<]*)<\/script>/.exec(text) ?? [];
  return JSON.parse(gunzipSync(Buffer.from(block, "base64")).toString());
};

test("its content policy allows its style and its one script, whatever the answers, and no network", async () => {
  const [text, other] = [await page(), await page({ days: 1, title: "Another" })];
  const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text) ?? [];
  expect(policy).toMatch(/^default-src 'none'; img-src data:; /);
  for (const [element, directive] of [
    ["style", "style-src"],
    ["script", "script-src"],
  ] as const) {
    const [, body = "", ...more] = new RegExp(`<${element}>([^]*?)</${element}>`).exec(text) ?? [];
    expect(more).toEqual([]);
    expect(policy).toContain(`${directive} 'sha256-${createHash("sha256").update(body).digest("base64")}'`);
    expect(other).toContain(body);
  }
  expect(text).not.toMatch(/ style=|<link[^>]+href="(?!data:,")|<script[^>]+src=|<img/);
});

test("names from servers are escaped", async () => {
  const text = await page({ title: hostile });
  expect(text).toContain("&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;\\u202e\\u0007");
  expect(text).not.toContain("<img");
  expect(text).not.toMatch(/[^\n\P{Cc}]|\u202e/u);
  expect(text.match(/<script/g)).toHaveLength(2);
});

test("findings have tables, the rest a line, and numbers come first", async () => {
  const text = await page();
  expect(text).toMatch(/<article id="failing_now"><h3>Which DAGs or jobs are failing now\?<\/h3>/);
  expect(text).toMatch(/<p class="nothing" id="[a-z_]+"><b>[^<]*<\/b> Nothing\.<\/p>/);
  // Saying that no run was late would suggest that a deadline was checked.
  expect(text).toMatch(/<p class="nothing" id="deadline_misses"><b>[^<]*<\/b> No deadlines are configured: /);
  expect(dataOf(text).questions).not.toHaveProperty("deadline_misses");
  expect(text.indexOf('class="stats"')).toBeLessThan(text.indexOf('id="failing_now"'));
});

test("every chart has a table too, and every section leads to its SQL", async () => {
  const text = await page();
  expect(text).toMatch(/<article id="load_forecast">.*?<svg class="curve" role="img" aria-label="[^"]+".*?As a table/s);
  for (const name of ["key_numbers", "needs_attention", "job_days"]) expect(text).toContain(`data-sql="${name}"`);
  // With both orchestrators, a pipeline's name does not say which one it belongs to.
  const [concurrency = ""] = /<article id="concurrency">.*?<\/article>/s.exec(text) ?? [];
  expect(concurrency).toContain(">orchestrator</th>");
});

test("its data holds every answer by columns", async () => {
  const { version, asOf, questions } = dataOf(await page());
  expect({ version, asOf }).toEqual({ version: 1, asOf: insights.asOf });
  const { rows, columns } = questions.failing_now;
  expect(columns.streak).toHaveLength(rows);
  expect(questions.failing_now.sql).toMatch(/^WITH /);
  const names = Array.isArray(columns.name)
    ? columns.name
    : columns.name.at.map((index: number) => columns.name.of[index]);
  expect(names).toContain(hostile);
});

test("of many rows, only the first have their lists in the data", async () => {
  const { questions } = dataOf(await page({ days: 60 }));
  const { daily } = questions.landing_times.columns;
  expect(daily[0][0]).toEqual([expect.stringMatching(/^2026-/), expect.any(Number)]);
  const folder = mkdtempSync(join(tmpdir(), "insights-"));
  const destination = sqlite(join(folder, "many.sqlite"));
  const names = Array.from({ length: 60 }, (_, at) => `dag ${at}`);
  const session = await destination.open({ pipeline: "many" });
  const runs = names.map((name) => run(name, "1", { due: "11-02 06:00", took: 5 }, { state: "failed" }));
  await store(session, { dags: names.map((name) => dag(name)), runs });
  await session.close();
  const many = await openInsights(destination);
  const text = await reportPage(many, { title: "Many", timezone: "UTC" });
  await many.close();
  rmSync(folder, { recursive: true, force: true });
  const { began } = dataOf(text).questions.time_to_recovery.columns;
  expect(began.map((list: unknown) => list !== null)).toEqual(names.map((_, at) => at < 50));
});

test("every row that names a DAG, a task, a job or a run leads to it, and says how far it looks back", async () => {
  const text = await page({
    servers: new Map([
      ["airflow", { kind: "airflow", url: "https://airflow.example.com" }],
      ["dagster", { kind: "dagster", url: "https://dagster.example.com" }],
    ]),
  });
  const article = (name: string) => new RegExp(`<article id="${name}">.*?</article>`, "s").exec(text)?.[0] ?? "";
  for (const [name, address] of [
    ["failing_now", "https://dagster.example.com/runs/[a-z0-9-]+"],
    ["stale_assets", "https://dagster.example.com/runs/[a-z0-9-]+"],
    ["mapped_fanout", 'https://airflow.example.com/dags/mapped/runs/[^/"]+/tasks/part'],
    ["flaky_tasks", "https://airflow.example.com/dags/flaky/tasks/fetch"],
    ["success_rate", "https://airflow.example.com/dags/daily_sales"],
    ["success_rate", "https://dagster.example.com/runs\\?q%5B0%5D=job%3Aingest"],
    ["success_rate", "https://dagster.example.com/runs\\?q%5B0%5D=job%3A__ASSET_JOB"],
  ]) {
    expect(article(name as string), name).toMatch(new RegExp(`<a href="${address}"`));
  }
  // The page's window is a week, except for loads, with four.
  expect(article("load_by_hour")).toContain('<p class="soft">Since Mon 05 Oct 08:00.</p>');
  expect(article("success_rate")).not.toContain("Since ");
});

test("runs link to their pipeline's server if that is known, and never to a script", async () => {
  const linked = async (url: string) =>
    (await page({ servers: new Map([["airflow", { kind: "airflow", url }]]) })).match(/<a href="(?!#)[^"]*/g) ?? [];
  expect(await linked("https://airflow.example.com/")).toContain(
    '<a href="https://airflow.example.com/dags/daily_sales/runs/daily%2011-02',
  );
  expect(await linked("javascript:alert(1)")).toEqual([]);
  const text = await page({ servers: new Map([["airflow", { kind: "airflow", url: "https://a.example.com" }]]) });
  const [findings = ""] = /<ol class="findings">.*?<\/ol>/s.exec(text) ?? [];
  expect(findings).toMatch(/<a href="https:\/\/a\.example\.com\/dags\/[^"]*\/runs\/[^"]+">/);
  // If it is not about a single run, it links to the DAG.
  expect(findings).toMatch(
    /<a href="https:\/\/a\.example\.com\/dags\/flaky\/tasks\/fetch">|<a href="[^"]*\/dags\/[^"/]+">/,
  );
  const kinds = [...findings.matchAll(/<a href="#([a-z_]+)">/g)].map(([, kind]) => kind);
  expect(kinds).toHaveLength(findings.match(/<li/g)?.length ?? 0);
  for (const kind of kinds) expect(text).toMatch(new RegExp(`<article id="${kind}">[^]*?data-sql="${kind}"`));
});
