/** The files destination in S3, against a real server in its own process. */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as sdk from "@aws-sdk/client-s3";
import { compact, currentFiles, type FileFormat, files } from "@org/destination/files";
import {
  casesFor,
  type DestinationCase,
  type DestinationSuite,
  type Fixture,
  runCase,
  testDestination,
} from "@org/destination/testing";
import { readFolder } from "@org/testkit/places/files";
import { describeRange } from "@org/testkit/servers/find-python";
import { startS3 } from "@org/testkit/servers/s3";
import { afterAll, describe, expect, inject, test } from "vitest";
import { uploadFile } from "../../packages/destination/src/files/s3-upload.ts";
import { livePipeline } from "../support/pipeline-life.ts";
import { log } from "./live.ts";

const bucket = "warehouse";

// Without a suitable Python, setup.ts has already warned, or failed if servers are required.
if (inject("pythons").includes(describeRange({}))) {
  const { stop, ...options } = await startS3({ log });
  const client = new sdk.S3Client({ ...options, forcePathStyle: true });
  await client.send(new sdk.CreateBucketCommand({ Bucket: bucket }));
  afterAll(async () => {
    client.destroy();
    await stop();
  });

  describe("the server", () => {
    const put = (condition: object) =>
      client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: "conditions", Body: "x", ...condition })).then(
        ({ $metadata, ETag }) => ({ status: $metadata.httpStatusCode, ETag }),
        ({ $metadata }) => ({ status: $metadata.httpStatusCode, ETag: undefined }),
      );

    test("really rejects writes whose conditions do not hold", async () => {
      const { status, ETag } = await put({ IfNoneMatch: "*" });
      expect(status).toBe(200);
      expect((await put({ IfNoneMatch: "*" })).status).toBe(412);
      expect((await put({ IfMatch: '"another"' })).status).toBe(412);
      expect((await put({ IfMatch: ETag })).status).toBe(200);
    });

    test("lets one of many create an object", async () => {
      for (let round = 0; round < 10; round += 1) {
        const create = () =>
          client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: `race-${round}`, Body: "x", IfNoneMatch: "*" }));
        const all = await Promise.allSettled(Array.from({ length: 8 }, create));
        expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      }
    });
  });

  interface S3Fixture extends Fixture {
    readonly prefix: string;
  }

  const suite = (format: FileFormat): DestinationSuite<S3Fixture> => ({
    name: `S3, ${format}`,
    async create() {
      const prefix = randomUUID();
      const settings = { ...options, format, leaseMs: 3000 };
      const module = new URL("../../packages/testkit/src/places/files.ts", import.meta.url).href;
      return {
        prefix,
        connect: () => files(`s3://${bucket}/${prefix}`, settings),
        process: { module, argument: JSON.stringify([`s3://${bucket}/${prefix}`, settings]) },
      };
    },
    async read({ prefix }, table) {
      const folder = await copyOf(prefix);
      return readFolder(folder, table).finally(() => rm(folder, { recursive: true }));
    },
  });

  /** Downloads everything under a prefix into a folder. */
  async function copyOf(prefix: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "s3-copy-"));
    const { Contents = [] } = await client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    for (const { Key = "" } of Contents) {
      const file = join(folder, Key.slice(prefix.length));
      await mkdir(dirname(file), { recursive: true });
      const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key }));
      await writeFile(file, (await Body?.transformToByteArray()) ?? "");
    }
    return folder;
  }

  if (process.env.NIGHTLY) {
    for (const format of ["parquet", "ndjson", "csv"] as const) await testDestination(suite(format));
  } else {
    // The files' contents are tested with a folder. This only tests their location.
    const inPlace = ({ group, name }: DestinationCase) =>
      group === "atomicity" ||
      group === "writers" ||
      /every row|without a trace|pipelines apart|adds a missing/.test(name);
    const cases = (await casesFor(suite("parquet"))).filter(inPlace);
    describe("S3, parquet", () => {
      for (const each of cases) test(each.name, () => runCase(suite("parquet"), each));
    });
  }

  const kinds = process.env.NIGHTLY ? (["airflow", "dagster"] as const) : (["airflow"] as const);
  test.each(kinds)("I3, I4: holds what %s does after each sync, the same as every other destination", (kind) =>
    livePipeline(suite("parquet"), kind),
  );

  test("a bucket that does not exist is named", async () => {
    const opened = files("s3://nowhere/prefix", options).open({ pipeline: "p" });
    await expect(opened).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("nowhere") });
  });

  test("a large file is uploaded in parts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3-upload-"));
    const file = join(folder, "large");
    const bytes = Buffer.alloc(11 * 1024 * 1024, "The quick brown fox.");
    await writeFile(file, bytes);
    await uploadFile(sdk, client, { Bucket: bucket, Key: "large" }, file, { partBytes: 5 * 1024 * 1024 });
    const { Body, ContentLength } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: "large" }));
    expect(ContentLength).toBe(bytes.length);
    expect(Buffer.from((await Body?.transformToByteArray()) ?? "").equals(await readFile(file))).toBe(true);
    await rm(folder, { recursive: true });
  });

  test("is compacted into one file, and replaced files are removed after the grace period", async () => {
    const fixture = `s3://${bucket}/compacted`;
    const table = {
      name: "things",
      description: "",
      primaryKey: ["id"],
      columns: { id: { type: "int64", description: "" } },
    } as const;
    const session = await files(fixture, options).open({ pipeline: "p" });
    await session.prepare([table]);
    for (let id = 0; id < 4; id += 1) {
      await session.commit("s", { table, upserts: [{ id }], state: { version: 1, value: id } });
    }
    await session.close();
    expect(await currentFiles(fixture, "things", options)).toHaveLength(4);
    await compact(fixture, { ...options, graceMs: 0 });
    const [file] = await currentFiles(fixture, "things", options);
    await compact(fixture, { ...options, graceMs: 0 });
    const { Contents = [] } = await client.send(
      new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: "compacted/things/" }),
    );
    expect(Contents.map(({ Key }) => `s3://${bucket}/${Key}`)).toEqual([file]);
  });
}
