import { SyncError } from "@org/sync-engine";
import { createAnswerSize, createRequest, limiterOf } from "@org/sync-engine/source";
import { expect, test } from "vitest";

const answered = (status: number) => Object.assign(new Error(`answered ${status}`), { status, retryable: true });

/** Queries a server that fails with this status if more than `capacity` rows are requested. */
function setUp(capacity: number, failure: () => Error, requests: { attemptMs?: number } = {}) {
  const asked: number[] = [];
  const request = createRequest({
    limiter: limiterOf("http://slow-host", 2),
    signal: new AbortController().signal,
    emit: () => {},
    options: { retries: 2, retryWaitMs: 1, retryWaitMaxMs: 1, ...requests },
  });
  const size = createAnswerSize();
  const ask = (wanted: number) =>
    size.fit(wanted, (rows, options) =>
      request(
        "rows",
        async () => {
          asked.push(rows);
          if (rows > capacity) throw failure();
          return rows;
        },
        options,
      ),
    );
  return { ask, asked, size };
}

test.each([504, 524])(
  "a request that a proxy timed out (%d) is repeated in smaller parts, from then on",
  async (status) => {
    const { ask, asked, size } = setUp(100, () => answered(status));
    expect(await ask(1000)).toBe(62);
    expect(await ask(1000)).toBe(62);
    expect(await ask(10)).toBe(10);
    expect(asked).toEqual([1000, 250, 62, 62, 10]);
    expect(size.most).toBe(62);
  },
);

test.each([
  new SyncError("DEADLINE_EXCEEDED", "no answer", { retryable: true }),
  Object.assign(new Error("no answer"), { code: "TIMEOUT", retryable: true }),
])("a request that our own deadline ended is repeated in smaller parts, too", async (error) => {
  const { ask, asked } = setUp(300, () => error);
  await ask(1000);
  expect(asked).toEqual([1000, 250]);
});

test("the smallest part is retried like any other request, and fails with the server's own error", async () => {
  const { ask, asked } = setUp(0, () => answered(504));
  await expect(ask(1000)).rejects.toThrow("answered 504");
  expect(asked).toEqual([1000, 250, 62, 50, 50, 50]);
});

test.each([500, 503])("a server that is down (%d) gets the same request again", async (status) => {
  const { ask, asked } = setUp(0, () => answered(status));
  await expect(ask(1000)).rejects.toThrow(`answered ${status}`);
  expect(asked).toEqual([1000, 1000, 1000]);
});

/** Queries a server whose rows have this many bytes, by position. */
function weighing(bytesOf: (index: number) => number, mostBytes = 128 * 1024 * 1024) {
  const asked: { readonly size: number; readonly limit: number | undefined }[] = [];
  const size = createAnswerSize();
  let next = 0;
  const ask = (wanted: number, options: { isWhole?: boolean } = {}) =>
    size.fit(
      wanted,
      async (rows, { maxResponseBytes }) => {
        asked.push({ size: rows, limit: maxResponseBytes });
        const bytes = Array.from({ length: rows }, (_, index) => bytesOf(next + index)).reduce((a, b) => a + b, 0);
        if (bytes > Math.min(mostBytes, maxResponseBytes ?? mostBytes)) {
          throw Object.assign(new Error("too large"), { code: "RESPONSE_TOO_LARGE", retryable: false });
        }
        next += rows;
        return { rows, bytes };
      },
      { weigh: (answer) => answer, ...options },
    );
  return { ask, sizes: () => asked.splice(0).map((each) => each.size), asked, size };
}

const MB = 1024 * 1024;

test("ordinary rows are requested in the wanted number", async () => {
  const { ask, sizes } = weighing(() => 2000);
  for (let times = 0; times < 3; times += 1) await ask(1000);
  expect(sizes()).toEqual([1000, 1000, 1000]);
});

test("a response that is too large is requested in parts, and from then on responses aim for four megabytes", async () => {
  const { ask, sizes, asked } = weighing(() => 100_000);
  await ask(1000);
  expect(asked.map(({ limit }) => limit)).toEqual([8 * MB, 8 * MB, 8 * MB]);
  expect(sizes()).toEqual([1000, 250, 62]);
  for (let times = 0; times < 3; times += 1) await ask(1000);
  expect(sizes()).toEqual([41, 41, 41]);
});

test("when rows become smaller again, parts grow step by step", async () => {
  const { ask, sizes } = weighing((index) => (index < 11 ? 2 * MB : 1000));
  for (let times = 0; times < 10; times += 1) await ask(1000);
  expect(sizes()).toEqual([1000, 250, 62, 15, 3, 2, 2, 2, 2, 2, 8, 32, 128, 512]);
});

test("two rows share the client's limit, and a larger row is the client's error", async () => {
  const { ask, asked } = weighing((index) => (index < 2 ? 100 * MB : 200 * MB));
  for (let times = 0; times < 2; times += 1) expect(await ask(2)).toMatchObject({ rows: 1 });
  await expect(ask(1000)).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  expect(asked.every(({ size, limit }) => size <= 2 === (limit === undefined))).toBe(true);
  expect(asked.at(-1)).toEqual({ size: 1, limit: undefined });
});

test("a request that cannot be split is repeated whole", async () => {
  const { ask, sizes, asked } = weighing(() => 1 * MB);
  await ask(4);
  await ask(100, { isWhole: true });
  expect(asked.at(-1)).toEqual({ size: 100, limit: undefined });
  sizes();
  await expect(ask(1000, { isWhole: true })).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  expect(sizes()).toEqual([1000]);
});
