/**
 * Asks the real Dagster and Airflow when they would run, and writes their answers to cron.json:
 * `node --conditions=@org/source packages/runner/test/golden/generate.ts`. Installs both into .cache/ if missing.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "@org/testkit/servers/processes";
import { ensureVenv } from "@org/testkit/servers/python";
import { type Case, dialectCases, packed, switchCases } from "./cases.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

type Answer = readonly number[] | string;

async function ask(name: string): Promise<{ version: string; answers: readonly (readonly Answer[])[] }> {
  const { python } = await ensureVenv({ name, log: console.log });
  const file = join(mkdtempSync(join(tmpdir(), "golden-")), "cases.json");
  writeFileSync(file, JSON.stringify([...switchCases, ...dialectCases]));
  const printed = await run(python, [here("cron.py"), file], { timeoutMs: 900_000 });
  return JSON.parse(printed.trim().split("\n").at(-1)!);
}

const shown = (answer: Answer) => (typeof answer === "string" ? null : packed(answer));

const dagster = await ask("dagster-1.13.27");
const airflow = await ask("airflow-3.3.2");
const windows = ([...switchCases, ...dialectCases] as readonly Case[]).map(
  ({ zone, from, hours, expressions }, index) => ({
    zone,
    from,
    hours,
    // By expression: Dagster's answer, and Airflow's if it differs. Null if rejected.
    answers: Object.fromEntries(
      expressions.map((expression, at) => {
        const [ours, theirs] = [shown(dagster.answers[index]![at]!), shown(airflow.answers[index]![at]!)];
        return [expression, ours === theirs ? [ours] : [ours, theirs]];
      }),
    ),
  }),
);
const fixture = { dagster: dagster.version, airflow: airflow.version, windows };
writeFileSync(here("cron.json"), `${JSON.stringify(fixture, null, 1)}\n`);
