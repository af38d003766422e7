import { type FileFormat, files } from "@org/destination/files";
import { expect, test } from "vitest";

test.each([
  ["./folder", "files:./folder"],
  ["C:\\data", "files:C:\\data"],
  ["s3://bucket", "s3://bucket"],
  ["S3://bucket/some/prefix/", "S3://bucket/some/prefix/"],
])("%s is accepted", (place, name) => {
  expect(files(place).name).toBe(name);
});

test.each([
  ["", {}, /has no folder in it/],
  ["folder", { format: "avro" as FileFormat }, /format is avro.*parquet, ndjson, csv/],
  ["s3:///p", {}, /has no bucket/],
  ["s3:bucket", {}, /has no bucket/],
  ["s3://bucket", { endpoint: "minio" }, /endpoint is minio/],
])("%s with %o is rejected", (place, options, words) => {
  expect(() => files(place, options)).toThrow(
    expect.objectContaining({ name: "DestinationError", message: expect.stringMatching(words) }),
  );
});

test.each<[string, object]>([
  ["s3://key:so-secret@bucket/p", {}],
  ["s3://bucket", { endpoint: "http://key:so-secret@minio" }],
])("credentials in an address are rejected, and not repeated", (place, options) => {
  expect(() => files(place, options)).toThrow(/must not contain credentials/);
  expect(() => files(place, options)).not.toThrow(/so-secret/);
});
