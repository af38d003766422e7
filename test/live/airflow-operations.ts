/** Calls every operation of a server's interface once through the client, and validates the responses. */
import { readFileSync } from "node:fs";
import {
  type AirflowClient,
  AirflowError,
  type AirflowExchange,
  assets,
  backfills,
  createAirflowClient,
  dagRuns,
  dags,
  eventLogs,
  importErrors,
  taskInstances,
} from "@org/airflow-client";
import type { AirflowServer } from "@org/testkit/servers/airflow";
import { newestAirflow } from "@org/testkit/servers/airflow-versions";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import type { Operation, World } from "./airflow-operation.ts";
import { operations } from "./airflow-operation-table.ts";

interface Specification {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** One test per operation, in the order of the table. */
export function testOperations(version: string, server: () => AirflowServer): void {
  const specification = readSpecification(version);
  const known = namesOf(specification);
  const isTrue = answerCheck(specification);
  const seen = new Map<string, AirflowExchange>();
  let airflow: AirflowClient;
  let world: World;

  test("every operation of the interface is in the table, and the newest version's are all named", () => {
    const called = new Set(operations.map(({ name }) => name));
    // Removed in 3.1, and in none of this client's types.
    expect(known.filter((name) => !called.has(name) && name !== "GET /api/v2/dagReports")).toEqual([]);
    const newest = new Set(namesOf(readSpecification(newestAirflow)));
    expect([...called].filter((name) => !newest.has(name))).toEqual([]);
  });

  test("there is a run to request", { timeout: 240_000 }, async () => {
    const { url, username, password } = server();
    const remember = async ({ operation }: { operation: string }, next: () => Promise<AirflowExchange>) => {
      const exchange = await next();
      seen.set(operation, exchange);
      return exchange;
    };
    airflow = createAirflowClient({ url, auth: { username, password }, middleware: [remember] });
    world = await makeWorld(airflow, version);
  });

  for (const [index, operation] of operations.entries()) {
    const { name, fails } = operation;
    const again = operations.slice(0, index).some((each) => each.name === name) ? ", again" : "";
    if (!known.includes(name)) continue;
    if (fails) {
      test(`${name} ends with ${fails.code}: ${fails.because}`, async () => {
        await expect(call(airflow, operation, world)).rejects.toMatchObject({ code: fails.code });
      });
    } else {
      test(`${name}${again}`, async () => {
        await call(airflow, operation, world);
        isTrue(name, seen.get(name));
      });
    }
  }
}

/** Calls operations that a server is too old for. The error must say so, even if an older route matches the path. */
export async function expectTooOld(version: string, { url, username, password }: AirflowServer): Promise<void> {
  const known = namesOf(readSpecification(version));
  const airflow = createAirflowClient({ url, auth: { username, password } });
  // None of these calls reaches a row.
  const ids = { assetId: 1, madeId: 1, aliasId: 1, eventLogId: 1, importErrorId: 1, backfillId: 1 };
  const world: World = { ...ids, fileToken: "none", connectionTestToken: "none" };
  for (const operation of operations.filter(({ name }) => !known.includes(name))) {
    await expect(call(airflow, operation, world), operation.name).rejects.toMatchObject({
      code: "SERVER_TOO_OLD",
      message: expect.stringMatching(/available since Airflow 3\.\d, and this server is older/),
    });
  }
}

function call(airflow: AirflowClient, { method, path, init }: Operation, world: World): Promise<unknown> {
  const send = airflow[method] as unknown as (path: string, init: object) => Promise<unknown>;
  return send(path, init(world));
}

/** Starts the runs, and waits until all tasks are done, except the one that waits for a human's answer. */
async function makeWorld(airflow: AirflowClient, version: string): Promise<World> {
  const run = { dagId: "operations", dagRunId: "first" };
  for (const dagId of ["operations", "wants", "backfilled"]) await dags.unpause(airflow, dagId);
  await dagRuns.trigger(airflow, run.dagId, { dag_run_id: run.dagRunId });
  const { id: backfillId } = await backfills.create(airflow, {
    dag_id: "backfilled",
    from_date: "2026-03-01T00:00:00Z",
    to_date: "2026-03-10T00:00:00Z",
    max_active_runs: 1,
  });
  await backfills.pause(airflow, backfillId);
  await expect
    .poll(async () => await statesOf(airflow, run), { timeout: 200_000, interval: 500 })
    .toMatchObject({
      say: "success",
      each: "success",
      "group.inner": "success",
      ...(isAtLeast(version, "3.1") && { ask: expect.stringMatching(/deferred|awaiting_input/) }),
    });
  const [asset] = await Array.fromAsync(assets.list(airflow, { name_pattern: "wanted" }));
  const made = (await Array.fromAsync(assets.list(airflow, { name_pattern: "made" }))).find(
    ({ name }) => name === "made",
  );
  const { data: aliases } = await airflow.GET("/api/v2/assets/aliases");
  const [event] = await Array.fromAsync(eventLogs.list(airflow));
  const [broken] = await Array.fromAsync(importErrors.list(airflow));
  const { data: dag } = await airflow.GET("/api/v2/dags/{dag_id}", { params: { path: { dag_id: "operations" } } });
  return {
    assetId: Number(asset?.id),
    madeId: Number(made?.id),
    aliasId: Number(aliases.asset_aliases[0]?.id),
    eventLogId: Number(event?.event_log_id),
    importErrorId: Number(broken?.import_error_id),
    fileToken: dag.file_token,
    backfillId,
    connectionTestToken: isAtLeast(version, "3.3") ? await testConnection(airflow) : "none",
  };
}

async function statesOf(airflow: AirflowClient, run: { dagId: string; dagRunId: string }) {
  const found: Record<string, unknown> = {};
  for await (const { task_id, state } of taskInstances.list(airflow, run)) found[task_id] = state;
  return found;
}

async function testConnection(airflow: AirflowClient): Promise<string> {
  const body = { connection_id: "waiting", conn_type: "http", host: "127.0.0.1" };
  return (await airflow.POST("/api/v2/connections/enqueue-test", { body })).data.token;
}

function readSpecification(version: string): Specification {
  return JSON.parse(readFileSync(new URL(`../../specs/airflow/${version}.json`, import.meta.url), "utf8"));
}

function namesOf({ paths }: Specification): string[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** Throws if a response violates the server's own interface. */
function answerCheck(specification: Specification): (name: string, exchange: AirflowExchange | undefined) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // An item of a clear's response matches both of its types.
  ajv.addSchema(JSON.parse(JSON.stringify(specification).replaceAll('"oneOf"', '"anyOf"')), "airflow");
  return (name, exchange) => {
    if (!exchange) throw new Error(`${name} was not sent`);
    const { status, headers } = exchange.response;
    if (status === 204 || !headers.get("content-type")?.includes("application/json")) return;
    const [method = "", path = ""] = name.split(" ");
    const pointer = ["paths", path, method.toLowerCase(), "responses", String(status), "content", "application/json"];
    const steps = pointer.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")));
    const validate = ajv.compile({ $ref: `airflow#/${steps.join("/")}/schema` });
    if (!validate(JSON.parse(exchange.body))) {
      throw new AirflowError({ code: "UNEXPECTED_ANSWER", message: ajv.errorsText(validate.errors) });
    }
  };
}
