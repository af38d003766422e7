/** Everything that examples/grafana's dashboard and alerts use must be in the real output of `dagsync serve`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { serve } from "@org/testkit/cli/serving";
import { type ParsedFamily, parseExposition } from "@org/testkit/insights/parse-exposition";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { namesIn } from "./support/promql.ts";

const folder = fileURLToPath(new URL("../examples/grafana/", import.meta.url));
const read = (name: string) => readFileSync(join(folder, name), "utf8");

/** Labels that Prometheus adds to everything it scrapes. */
const added = ["instance", "job"];
/** Labels whose values must exist. Those of other labels are users' names. */
const closed = ["state", "orchestrator", "kind", "outcome"];

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(read("dashboard.json")) as Dashboard;
const { groups } = parse(read("alerts.yml")) as { groups: readonly { readonly rules: readonly Rule[] }[] };

/** Every query, with the texts that use labels of its result. */
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat = "" }) => ({ title, expr, texts: [legendFormat] })),
  ),
  ...groups
    .flatMap(({ rules }) => rules)
    .map(({ alert, expr, annotations }) => ({ title: alert, expr, texts: Object.values(annotations) })),
];

/** The metrics of a server that syncs both simulators. */
async function answered(): Promise<ReadonlyMap<string, ParsedFamily>> {
  const temporary = mkdtempSync(join(tmpdir(), "grafana-"));
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
  const [airflow, dagster] = await Promise.all([startAirflowSimulator(), startDagsterSimulator()]);
  onTestFinished(async () => void (await Promise.all([airflow.close(), dagster.close()])));
  const config = join(temporary, "dagsync.yaml");
  writeFileSync(
    config,
    `sources:
  a: { kind: airflow, url: "${airflow.url}", username: admin, password: admin }
  d: { kind: dagster, url: "${dagster.url}" }
destinations: { here: "sqlite:o.sqlite" }
pipelines: [{ name: prod, from: a, to: here }, { name: dagster, from: d, to: here }]\n`,
  );
  const { url } = await serve(["--config", config, "--sync-every", "1h"]);
  const metrics = async () => (await fetch(`${url}metrics`)).text();
  await expect.poll(metrics).toMatch(/syncs_total\{pipeline="dagster",outcome="success"\} 1\n/);
  await expect.poll(metrics).toMatch(/dagsync_table_rows\{pipeline="dagster"/);
  return parseExposition(await metrics());
}

test("the server provides every metric, label and state that the dashboard and the alerts use", async () => {
  const families = await answered();
  const samplesOf = (metric: string) => families.get(metric)?.samples ?? [];
  const used = new Set<string>();
  for (const { title, expr, texts } of queries) {
    const { metrics, conditions, labels } = namesIn(expr.replaceAll("$pipeline", "prod|dagster"));
    const own = metrics.filter((metric) => metric !== "up");
    expect(own.length, title).toBeGreaterThan(0);
    for (const metric of own) {
      used.add(metric);
      expect(samplesOf(metric), `${title}: ${metric}`).not.toEqual([]);
    }
    const samples = own.flatMap(samplesOf);
    const valuesOf = (label: string) => new Set(samples.flatMap((sample) => sample.labels[label] ?? []));
    const named = texts.flatMap((text) =>
      [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, name]) => name!),
    );
    for (const label of [...labels, ...named, ...conditions.map((each) => each.label)]) {
      if (added.includes(label)) continue;
      expect([...valuesOf(label)], `${title}: ${label}`).not.toEqual([]);
    }
    for (const { label, values } of conditions.filter((each) => closed.includes(each.label))) {
      for (const value of values) expect([...valuesOf(label)], `${title}: ${label}`).toContain(value);
    }
  }
  // The dashboard shows every metric, except those of opt-in streams, which few have, and those that only serve joins.
  expect([...families.keys()].filter((name) => !used.has(name))).toEqual([
    "dagsync_component_up",
    "dagsync_component_heartbeat_timestamp_seconds",
    "dagsync_pool_slots",
    "dagsync_pool_occupied_slots",
    "dagsync_consecutive_failed_ticks",
    "dagsync_tick_timestamp_seconds",
    "dagsync_asset_check_passed",
    "dagsync_import_error_info",
    "dagsync_waiting_for_people",
    "dagsync_sync_running",
    "dagsync_sync_ended_timestamp_seconds",
  ]);

  const readme = readFileSync(new URL("../packages/insights/README.md", import.meta.url), "utf8");
  expect([...new Set(readme.match(/\bdagsync_\w+/g))].sort(), "the README's list").toEqual([...families.keys()].sort());
});

test("the list of pipelines is queried from one of their metrics", () => {
  const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
  expect(definitions).toEqual(["label_values(dagsync_as_of_timestamp_seconds, pipeline)"]);
});
