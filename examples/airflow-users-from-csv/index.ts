// Creates the users of a CSV file on a server with the FAB auth manager, and prints what it does as lines of JSON.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAirflowClient, roles, users } from "@org/airflow-client";
import { parse } from "csv-parse/sync";
import { plan, type Row, type Step } from "./plan.ts";
import { parseRules } from "./rules.ts";

const { AIRFLOW_URL = "http://127.0.0.1:8080" } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { apply: { type: "boolean", default: false }, rules: { type: "string", default: beside("rules.json") } },
});

const rules = parseRules(await readFile(values.rules, "utf8"));
const rows = readRows(await readFile(positionals[0] ?? beside("users.csv"), "utf8"));
const airflow = createAirflowClient({ url: AIRFLOW_URL, auth: { username, password } });
const steps = plan(rows, rules, {
  users: await Array.fromAsync(users.list(airflow)),
  roles: await Array.fromAsync(roles.list(airflow), ({ name }) => name ?? ""),
});

let failures = 0;
for (const step of steps) {
  if (step.action === "reject") failures += 1;
  if (!values.apply || step.action === "reject" || step.action === "keep") {
    print(step);
    continue;
  }
  try {
    await take(step);
    print(step);
  } catch (error) {
    failures += 1;
    print(step, { failed: (error as Error).message });
  }
}
process.exitCode = failures > 0 ? 1 : 0;

async function take({ action, row, username, roles }: Extract<Step, { action: "create" | "update" | "keep" }>) {
  const { first_name, last_name, email } = row;
  const person = { first_name, last_name, email, roles: roles.map((name) => ({ name })) };
  if (action === "update") await users.update(airflow, username, person);
  else
    await users.create(airflow, {
      ...person,
      username,
      password: row.password || randomBytes(24).toString("base64url"),
    });
}

/** One line for the audit: never with a password. */
function print(step: Step, more: object = {}): void {
  const { action, row } = step;
  const { line, username: inFile } = row;
  const of = step.action === "reject" ? { username: inFile } : { username: step.username, inFile, roles: step.roles };
  const reason = step.action === "reject" ? { reason: step.reason } : {};
  console.log(
    JSON.stringify({ at: new Date().toISOString(), dryRun: !values.apply, action, line, ...of, ...reason, ...more }),
  );
}

function readRows(text: string): Row[] {
  const columns = ["username", "first_name", "last_name", "email"];
  const records: { readonly record: Partial<Record<string, string>>; readonly info: { readonly lines: number } }[] =
    parse(text, { columns: true, bom: true, trim: true, skip_empty_lines: true, relax_column_count: true, info: true });
  const missing = columns.filter((column) => records.length > 0 && !(column in records[0]!.record));
  if (missing.length > 0)
    throw new Error(`The file has no column ${missing.join(", ")}. Its first line must name them.`);
  return records.map(({ record, info: { lines: line } }) => {
    const { username = "", first_name = "", last_name = "", email = "", roles = "", password = "" } = record;
    return { line, username, first_name, last_name, email, roles, password };
  });
}
