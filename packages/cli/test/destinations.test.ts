import { readdirSync } from "node:fs";
import type { Destination } from "@org/destination";
import { expect, test } from "vitest";
import { type LoadAdapter, parseDestination } from "../src/destinations.ts";
import { temporaryFolder } from "./helpers.ts";

/** What an address becomes: the factory that is called, and with what. */
async function called(address: string, options: Parameters<typeof parseDestination>[1] = {}) {
  const calls: unknown[] = [];
  const factory = (name: string) => ({
    [name]: (place: string, given: object = {}) => {
      calls.push(name, place, given);
      return { name: `${name}:…`, capabilities: { fencing: "lease" } } as unknown as Destination;
    },
  });
  const adapter: LoadAdapter = async (name) => factory(name);
  await parseDestination(address, { adapter, ...options });
  return calls;
}

test.each([
  ["sqlite:o.sqlite", ["sqlite", "o.sqlite", {}]],
  ["sqlite:/data/o.sqlite", ["sqlite", "/data/o.sqlite", {}]],
  ["postgres://ann@db/analytics", ["postgres", "postgres://ann@db/analytics", {}]],
  ["postgresql://ann@db:6432/a?schema=air%20flow", ["postgres", "postgres://ann@db:6432/a", { schema: "air flow" }]],
  [
    "postgres://ann:a%3Fb%26c@db/a?sslmode=require&schema=x&application_name=a%2Fb",
    ["postgres", "postgres://ann:a%3Fb%26c@db/a?sslmode=require&application_name=a%2Fb", { schema: "x" }],
  ],
  ["files:folder", ["files", "folder", {}]],
  ["files:/data/folder?format=ndjson", ["files", "/data/folder", { format: "ndjson" }]],
  ["s3://bucket?forcePathStyle=false", ["files", "s3://bucket", { forcePathStyle: false }]],
  [
    "s3://bucket/some/prefix?format=parquet&region=eu-west-1&endpoint=https://minio.example.org",
    [
      "files",
      "s3://bucket/some/prefix",
      { format: "parquet", region: "eu-west-1", endpoint: "https://minio.example.org" },
    ],
  ],
])("%s opens the right destination", async (address, expected) => {
  expect(await called(address)).toEqual(expected);
});

test("relative paths resolve against the configuration, and a schema may override the address's", async () => {
  expect(await called("sqlite:o.sqlite", { folder: "conf" })).toEqual(["sqlite", "conf/o.sqlite", {}]);
  expect(await called("files:out", { folder: "/conf" })).toEqual(["files", "/conf/out", {}]);
  expect(await called("s3://bucket/out", { folder: "/conf" })).toEqual(["files", "s3://bucket/out", {}]);
  expect(await called("postgres://db/a?schema=x", { schema: "y" })).toEqual([
    "postgres",
    "postgres://db/a",
    { schema: "y" },
  ]);
  await expect(called("files:out", { schema: "y" })).rejects.toThrow("it has no schemas");
});

test("a copy of a DuckDB file is written where its path says, relative to the file that names it", async () => {
  const folder = temporaryFolder();
  const { destination } = await parseDestination("duckdb:o.duckdb?copy=readers.duckdb", { folder });
  await (await destination.open({ pipeline: "p" })).close();
  expect(readdirSync(folder).sort()).toEqual(["o.duckdb", "readers.duckdb"]);
});

test("only a DuckDB file that uses its default schema can be copied as a file", async () => {
  const place = await parseDestination("duckdb:o.duckdb", { folder: "conf" });
  expect([place.destination.name, place.destination.duckdbFile]).toEqual(["duckdb:conf/o.duckdb", "conf/o.duckdb"]);
  expect((await parseDestination("duckdb:o.duckdb?schema=x")).destination.duckdbFile).toBeUndefined();
  expect((await parseDestination("duckdb::memory:")).destination.duckdbFile).toBeUndefined();
  for (const address of ["md:analytics", "duckdb:md:analytics"]) {
    expect(await parseDestination(address, { folder: "conf" })).toMatchObject({
      destination: { name: "duckdb:md:analytics", capabilities: { fencing: "lease" } },
    });
  }
});

test("no message repeats a password", async () => {
  for (const address of ["postgres://ann:CANARY@db/a?schema=", "postgres://ann:CANARY@db/a?format=x&schema="]) {
    const thrown = await called(address).catch((error: Error) => error.message);
    expect(thrown).toContain("the option schema is empty");
    expect(thrown).not.toContain("CANARY");
  }
});
