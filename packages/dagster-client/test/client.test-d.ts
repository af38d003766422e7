import {
  assets,
  backfills,
  createDagsterClient,
  type DagsterRun,
  type DagsterRunStatus,
  definitionsDocument,
  paginateRunIds,
  paginateRuns,
  runs,
  runsPageDocument,
  serverVersionDocument,
  subscribe,
  type TypedDocument,
  unwrap,
} from "@org/dagster-client";
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
  expectTypeOf(unwrap(runs, "Runs").results).toEqualTypeOf<readonly DagsterRun[]>();
  // @ts-expect-error the union has no such member
  unwrap(runs, "Run");
  // @ts-expect-error without unwrap there may be no results
  runs.results;
});

test("the type does not exclude a status that a newer server adds", () => {
  expectTypeOf<"SUCCESS">().toExtend<DagsterRunStatus>();
  const newer: DagsterRunStatus = "SOMETHING_NEWER" as string;
  expectTypeOf(newer).toExtend<string>();
});

test("pages hold runs, or their ids", async () => {
  for await (const { rows } of paginateRuns(client)) expectTypeOf(rows).toEqualTypeOf<readonly DagsterRun[]>();
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
  for await (const event of runs.events(client, "r")) expectTypeOf(event).toEqualTypeOf<runs.RunEvent>();
  for await (const { events } of runs.events(client, "r").pages()) {
    expectTypeOf(events).toEqualTypeOf<readonly runs.RunEvent[]>();
  }
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
