import {
  type Asset,
  assets,
  backfills,
  createDagsterClient,
  isErrorOf,
  jobs,
  type List,
  type Open,
  type Run,
  type RunEvent,
  type RunStatus,
  runs,
  schedules,
  subscribe,
  type TypedDocument,
  unwrap,
} from "@org/dagster-client";
import {
  definitionsDocument,
  paginateRunIds,
  paginateRuns,
  runsPageDocument,
  serverVersionDocument,
} from "@org/dagster-client/sync";
import { expectTypeOf, test } from "vitest";

declare const client: ReturnType<typeof createDagsterClient>;

test("a response has the type of its document", async () => {
  expectTypeOf((await client.request(serverVersionDocument)).version).toEqualTypeOf<string>();
  const { data, date } = await client.rawRequest(serverVersionDocument);
  expectTypeOf(data.version).toEqualTypeOf<string>();
  expectTypeOf(date).toEqualTypeOf<Date | undefined>();
  expectTypeOf(await client.request("{ version }")).toEqualTypeOf<unknown>();
});

test("variables are checked, and required if the document has required ones", () => {
  client.request(runsPageDocument, { limit: 1, filter: { statuses: ["SUCCESS"] } }, { timeoutMs: 1 });
  client.request(definitionsDocument);
  client.request(definitionsDocument, undefined, { timeoutMs: 1 });
  // @ts-expect-error limit is missing
  client.request(runsPageDocument);
  // @ts-expect-error limit is a number
  client.request(runsPageDocument, { limit: "1" });
  // @ts-expect-error there is no such filter
  client.request(runsPageDocument, { limit: 1, filter: { nope: 1 } });
  // @ts-expect-error there is no such variable
  client.request(definitionsDocument, { nope: true });
});

test("a document of another code generator fits", async () => {
  // What @graphql-typed-document-node/core calls DocumentTypeDecoration, on a String.
  const document = new String("{ version }") as string & {
    __apiType?: (variables: { a: number }) => { version: string };
  };
  expectTypeOf(document).toExtend<TypedDocument<{ version: string }, { a: number }>>();
  expectTypeOf(await client.request(document, { a: 1 })).toEqualTypeOf<{ version: string }>();
});

test("unwrap narrows a union to the requested member", async () => {
  const { runs } = await client.request(runsPageDocument, { limit: 1 });
  expectTypeOf(unwrap(runs, "Runs").results).toExtend<readonly Run[]>();
  // @ts-expect-error the union has no such member
  unwrap(runs, "Run");
  // @ts-expect-error without unwrap there may be no results
  runs.results;
});

test("what is received is open, what is sent is not", () => {
  expectTypeOf<Run["status"]>().toEqualTypeOf<Open<RunStatus>>();
  const newer: Run["status"] = "SOMETHING_NEWER" as string;
  expectTypeOf(newer).toExtend<string>();
  runs.list(client, { statuses: ["FAILURE"] });
  // @ts-expect-error Dagster calls it FAILURE
  runs.list(client, { statuses: ["FAILED"] });
  // @ts-expect-error there is no such strategy
  runs.reexecute(client, "r", { strategy: "FROM_START" });
  // @ts-expect-error there is no such status
  backfills.list(client, { status: "DONE" });
});

test("the answer to a plain string is unknown, wherever it goes", async () => {
  // @ts-expect-error it may be anything
  const version: { version: string } = await client.request("{ version }");
  expectTypeOf(await client.request("query V($a: Int) { version }", { a: 1 })).toEqualTypeOf<unknown>();
  expectTypeOf(version).toEqualTypeOf<{ version: string }>();
});

test("a configuration is a plain object", () => {
  runs.launch(client, { job: "etl", config: { ops: { load: { config: [1] } } } });
  // @ts-expect-error a list
  runs.launch(client, { job: "etl", config: [1] });
  // @ts-expect-error a Date
  runs.launch(client, { job: "etl", config: new Date() });
});

test("what a method returned identifies a thing", async () => {
  const [run] = await runs.list(client, { first: 1 }).toArray();
  const [asset] = await assets.list(client).toArray();
  const [backfill] = await backfills.list(client).toArray();
  const [schedule] = await schedules.list(client).toArray();
  const [job] = await jobs.list(client).toArray();
  if (!(run && asset && backfill && schedule && job)) return;
  expectTypeOf(run).toEqualTypeOf<Run>();
  await runs.wait(client, run, { deadlineMs: 1 }, { timeoutMs: 1 });
  await runs.list(client, { tags: run.tags }).count();
  await assets.get(client, asset);
  await assets.lineage(client, asset.key);
  await backfills.get(client, backfill);
  await schedules.start(client, schedule);
  await runs.launch(client, { job });
  jobs.url(client, job);
});

test("a guard knows every error member, and no other", () => {
  const error: unknown = undefined;
  if (isErrorOf(error, "PythonError")) expectTypeOf(error.className).toEqualTypeOf<string>();
  if (isErrorOf(error, "RunNotFoundError", "AssetNotFoundError")) {
    expectTypeOf(error.typename).toEqualTypeOf<"RunNotFoundError" | "AssetNotFoundError">();
  }
  // @ts-expect-error there is no such member
  isErrorOf(error, "RunNotFound");
});

test("optional fields take undefined", () => {
  const maybe = undefined as string | undefined;
  runs.list(client, { job: maybe, first: undefined, pageToken: maybe, createdAfter: maybe }, { signal: undefined });
  createDagsterClient({ url: "http://a", auth: undefined, headers: undefined, retries: undefined });
});

test("pages hold runs, or their ids", async () => {
  for await (const { rows } of paginateRuns(client)) expectTypeOf(rows).toExtend<readonly Run[]>();
  for await (const { rows } of paginateRunIds(client)) expectTypeOf(rows).toEqualTypeOf<readonly string[]>();
});

test("the URL is required, and unknown options are rejected", () => {
  // @ts-expect-error url is missing
  createDagsterClient({});
  // @ts-expect-error a token is an object's, so that it is not taken for a header
  createDagsterClient({ url: "http://localhost:3000", auth: "token" });
});

test("methods declare what they return, and what an older server may leave out", async () => {
  const run = await runs.get(client, "r");
  expectTypeOf(run.runConfigYaml).toEqualTypeOf<string>();
  expectTypeOf(run.creationTime).toEqualTypeOf<number | undefined>();
  expectTypeOf((await runs.wait(client, "r")).status).toEqualTypeOf<"SUCCESS" | "FAILURE" | "CANCELED">();
  for await (const event of runs.events(client, "r")) expectTypeOf(event).toEqualTypeOf<RunEvent>();
  expectTypeOf(runs.events(client, "r")).toEqualTypeOf<List<RunEvent>>();
  expectTypeOf(assets.list(client)).toEqualTypeOf<List<Asset>>();
  expectTypeOf((await assets.get(client, "a")).definition?.kinds).toEqualTypeOf<readonly string[] | undefined>();
});

test("a launch takes a job or assets, and a backfill takes partitions", () => {
  runs.launch(client, { job: "etl", location: "crm", assets: ["a"] });
  runs.launch(client, { assets: [["a", "b"], "c/d"], partition: "2026-01-01" });
  // @ts-expect-error neither a job nor assets
  runs.launch(client, { tags: { a: "b" } });
  // @ts-expect-error assets have their place already
  runs.launch(client, { assets: ["a"], location: "crm" });
  backfills.launch(client, { assets: ["a"], partitions: "all" });
  // @ts-expect-error which partitions?
  backfills.launch(client, { job: "etl" });
  // @ts-expect-error one of the two
  backfills.launch(client, { job: "etl", assets: ["a"], partitions: "all" });
});

test("a subscription yields what its document says", async () => {
  const document = "" as unknown as TypedDocument<{ version: string }, { a: number }>;
  for await (const data of subscribe(client, document, { a: 1 }))
    expectTypeOf(data).toEqualTypeOf<{ version: string }>();
  // @ts-expect-error a is a number
  subscribe(client, document, { a: "1" });
});
