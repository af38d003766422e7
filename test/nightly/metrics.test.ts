/** Reads the metrics with Prometheus' own Python client: every value, and every label. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "@org/destination/sqlite";
import { parseExposition } from "@org/testkit/insights/parse-exposition";
import { fill, served } from "@org/testkit/insights/served";
import { airflowWorld, dagsterWorld } from "@org/testkit/insights/small-world";
import { dag } from "@org/testkit/insights/world";
import { ensureVenv } from "@org/testkit/servers/python";
import { expect, onTestFinished, test } from "vitest";
import { describeLive, log } from "../live/live.ts";

const version = "0.26.0";
const script = `import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(open(sys.argv[1], encoding="utf-8", newline="").read())
print(json.dumps([[s.name, family.type, s.labels, s.value] for family in families for s in family.samples]))`;

describeLive("the metrics, read by another parser", () => {
  test("say the same", async () => {
    const venv = await ensureVenv({ name: `prometheus-client-${version}`, log });
    const folder = mkdtempSync(join(tmpdir(), "metrics-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const destination = sqlite(join(folder, "o.sqlite"));
    const hostile = '\\ "quoted" \\n\nä\u202e{a="b",} 1 # }';
    const dags = [...airflowWorld.dags, dag(hostile, { owners: `${hostile}\\` })];
    await fill(destination, { airflow: { ...airflowWorld, dags }, dagster: dagsterWorld });
    const ask = await served({
      destination,
      syncs: () => [{ pipeline: hostile, isRunning: false, succeeded: 1, failed: 0 }],
    });
    const { body } = await ask("/metrics");
    writeFileSync(join(folder, "metrics.txt"), body);
    const printed = execFileSync(venv.python, ["-c", script, join(folder, "metrics.txt")], { encoding: "utf8" });
    const expected = [...parseExposition(body)].flatMap(([name, { type, samples }]) =>
      samples.map(({ labels, value }) => [name, type, labels, value]),
    );
    expect(JSON.parse(printed)).toEqual(expected);
  });
});
