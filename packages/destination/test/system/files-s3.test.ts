/** Errors of S3 servers. test/live tests against a real one. */
import { defineTable } from "@org/destination";
import { type FilesOptions, files } from "@org/destination/files";
import { type FakeS3, startFakeS3 } from "@org/testkit/fake-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const table = defineTable({
  name: "things",
  description: "A table.",
  primaryKey: ["id"],
  columns: { id: { type: "int64", description: "Key." } },
});
const place = "s3://warehouse/orchestration";
const credentials = { accessKeyId: "key-id", secretAccessKey: "so-secret" };

let s3: FakeS3;
beforeEach(async () => {
  s3 = await startFakeS3();
});
afterEach(() => s3.stop());

const destination = (options: FilesOptions = {}) =>
  files(place, { endpoint: s3.endpoint, region: "us-east-1", credentials, ...options });

async function store(from: number, to: number) {
  const session = await destination().open({ pipeline: "p" });
  try {
    await session.prepare([table]);
    for (let id = from; id <= to; id += 1) {
      await session.commit("s", { table, upserts: [{ id }], state: { version: 1, value: id } });
    }
  } finally {
    await session.close();
  }
}

async function stored() {
  const session = await destination().open({ pipeline: "p" });
  try {
    await session.prepare([table]);
    return { count: await session.count(table, {}), state: (await session.states()).get("s")?.value };
  } finally {
    await session.close();
  }
}

const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable("it must fail"),
    (error) => error,
  );

describe("server errors", () => {
  test.each([
    [404, "NoSuchBucket", "NOT_FOUND", false, /Create the bucket/],
    [403, "InvalidAccessKeyId", "NO_PERMISSION", false, /credentials/],
    [403, "SignatureDoesNotMatch", "NO_PERMISSION", false, /credentials/],
    [400, "ExpiredToken", "NO_PERMISSION", false, /credentials/],
    [403, "AccessDenied", "NO_PERMISSION", false, /Allow listing/],
    [400, "AuthorizationHeaderMalformed", "NOT_FOUND", false, /another region/],
    [301, "PermanentRedirect", "NOT_FOUND", false, /another region.*It is eu-central-1/],
    [507, "InsufficientStorage", "NO_SPACE", false, /Free up space/],
    [503, "SlowDown", "UNAVAILABLE", true, /again later/],
    [500, "InternalError", "UNAVAILABLE", true, /again later/],
    [418, "Teapot", "FAILED", false, /Teapot/],
  ])("%i %s is %s", async (status, code, expected, retryable, words) => {
    s3.fault = () => ({ status, code, headers: { "x-amz-bucket-region": "eu-central-1" } });
    const error = await thrownBy(store(1, 1));
    expect(error).toMatchObject({
      name: "DestinationError",
      code: expected,
      retryable,
      message: expect.stringMatching(words),
    });
    expect(error.message).toContain(place);
    expect(JSON.stringify([error.message, error.cause, destination().name])).not.toContain("so-secret");
  });

  test("a temporary one is retried", async () => {
    s3.fault = () => (s3.requests % 3 === 1 ? { status: 503, code: "SlowDown" } : undefined);
    await store(1, 2);
    s3.fault = () => undefined;
    expect(await stored()).toEqual({ count: 2, state: 2 });
  });
});

test("a server that does not answer, or has no address, is unavailable", async () => {
  await s3.stop();
  for (const endpoint of [s3.endpoint, "http://no-such-host.invalid"]) {
    const error = await thrownBy(destination({ endpoint }).open({ pipeline: "p" }));
    expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true, message: expect.stringMatching(/endpoint/) });
  }
  s3 = await startFakeS3();
});

test("a server that ignores conditions is rejected at every start", async () => {
  s3.fault = () => "ignores conditions";
  for (let round = 0; round < 2; round += 1) {
    const error = await thrownBy(store(1, 1));
    expect(error).toMatchObject({
      code: "NOT_A_DESTINATION",
      message: expect.stringMatching(/ignores conditional writes/),
    });
  }
  expect([...s3.objects.keys()]).toEqual(["/warehouse/orchestration/_sync/about.json"]);
});

test("a prefix that holds other things is rejected", async () => {
  (s3.objects as Map<string, Buffer>).set("/warehouse/orchestration/letters/1.txt", Buffer.from("to my bank"));
  expect(await thrownBy(store(1, 1))).toMatchObject({
    code: "NOT_A_DESTINATION",
    message: expect.stringMatching(/letters/),
  });
  expect(s3.objects.size).toBe(1);
});

test("a response lost after a manifest was created causes neither a second commit nor a failed one", async () => {
  let lost = 0;
  s3.fault = (method, path) => {
    if (method !== "PUT" || !path.includes("manifests") || s3.objects.has(path)) return undefined;
    lost += 1;
    return "lost answer";
  };
  await store(1, 3);
  expect(lost).toBeGreaterThan(3);
  s3.fault = () => undefined;
  expect(await stored()).toEqual({ count: 3, state: 3 });
});

test("a write that the server asks to repeat is repeated", async () => {
  let times = 0;
  s3.fault = (method, path) => {
    times += 1;
    const busy = method === "PUT" && path.includes("manifests") && times % 2 === 0;
    return busy ? { status: 409, code: "ConditionalRequestConflict" } : undefined;
  };
  await store(1, 3);
  s3.fault = () => undefined;
  expect(await stored()).toEqual({ count: 3, state: 3 });
});

test("a commit that failed before its manifest leaves the session usable", async () => {
  const session = await destination().open({ pipeline: "p" });
  await session.prepare([table]);
  const commit = (id: number) => session.commit("s", { table, upserts: [{ id }], state: { version: 1, value: id } });
  for (const part of ["things/", "manifests/"]) {
    s3.fault = (method, path) =>
      method === "PUT" && path.includes(part) ? { status: 403, code: "AccessDenied" } : undefined;
    expect(await thrownBy(commit(7))).toMatchObject({ code: "NO_PERMISSION" });
  }
  s3.fault = () => undefined;
  await commit(8);
  expect(await session.count(table, {})).toBe(1);
  await session.close();
  expect(await stored()).toEqual({ count: 1, state: 8 });
});

test("a commit assumed to have failed that arrives late fences the session off, which does not know those rows", async () => {
  const session = await destination().open({ pipeline: "p" });
  await session.prepare([table]);
  const commit = (id: number) => session.commit("s", { table, upserts: [{ id }], state: { version: 1, value: id } });
  const late: [string, Buffer][] = [];
  const { set } = s3.objects as Map<string, Buffer>;
  const objects = s3.objects as Map<string, Buffer>;
  objects.set = (path, body) => {
    if (path.includes("manifests")) late.push([path, body]);
    return path.includes("manifests") ? objects : set.call(objects, path, body);
  };
  s3.fault = (method, path) => (method === "PUT" && path.includes("manifests") ? "lost answer" : undefined);
  expect(await thrownBy(commit(1))).toMatchObject({ code: "UNAVAILABLE", retryable: true });
  objects.set = set;
  s3.fault = () => undefined;
  for (const [path, body] of late) objects.set(path, body);
  expect(await thrownBy(commit(2))).toMatchObject({ code: "FENCED" });
  await session.close();
});
