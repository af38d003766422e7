import { parseFilesUrl } from "@org/destination/files";
import { expect, test } from "vitest";

test.each([
  ["files:./folder", { place: "./folder", options: {} }],
  ["files:./folder?format=csv", { place: "./folder", options: { format: "csv" } }],
  ["files:C:\\data", { place: "C:\\data", options: {} }],
  ["s3://bucket/some/prefix", { place: "s3://bucket/some/prefix", options: {} }],
  ["files:s3://bucket", { place: "s3://bucket", options: {} }],
  [
    "s3://bucket/p?format=ndjson&region=eu-central-1&endpoint=http%3A%2F%2F127.0.0.1%3A9000&forcePathStyle=false",
    {
      place: "s3://bucket/p",
      options: { format: "ndjson", region: "eu-central-1", endpoint: "http://127.0.0.1:9000", forcePathStyle: false },
    },
  ],
])("%s", (url, expected) => {
  expect(parseFilesUrl(url)).toEqual(expected);
});

test.each([
  ["files:", /names no folder/],
  ["./folder", /write files:/],
  ["files:a?format=avro", /format is avro.*parquet, ndjson, csv/],
  ["files:a?region=x", /knows no parameter region. There is: format/],
  ["s3://bucket/p?colour=red", /no parameter colour.*region/],
  ["s3:///p", /names no bucket/],
  ["s3://bucket?endpoint=minio", /endpoint is minio/],
  ["s3://bucket?forcePathStyle=yes", /true or false/],
])("%s is refused", (url, words) => {
  expect(() => parseFilesUrl(url)).toThrow(
    expect.objectContaining({ name: "DestinationError", message: expect.stringMatching(words) }),
  );
});

test.each(["s3://key:so-secret@bucket/p", "s3://bucket?endpoint=http://key:so-secret@minio"])(
  "credentials in an address are refused, and not repeated",
  (url) => {
    expect(() => parseFilesUrl(url)).toThrow(/no credentials/);
    expect(() => parseFilesUrl(url)).not.toThrow(/so-secret/);
  },
);
