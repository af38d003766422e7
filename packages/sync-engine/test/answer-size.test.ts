import { createAnswerSize, createRequest, limiterOf, SyncError } from "@org/sync-engine";
import { expect, test } from "vitest";

const answered = (status: number) => Object.assign(new Error(`answered ${status}`), { status, retryable: true });

/** Asks a server that fails with this where more than `capacity` rows are asked for. */
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
  "what a proxy did not wait for (%d) is asked for in smaller parts, from then on",
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
])("what our own deadline did not wait for is asked for in smaller parts, too", async (error) => {
  const { ask, asked } = setUp(300, () => error);
  await ask(1000);
  expect(asked).toEqual([1000, 250]);
});

test("the smallest part is asked for as often as anything else, and fails with the server's own error", async () => {
  const { ask, asked } = setUp(0, () => answered(504));
  await expect(ask(1000)).rejects.toThrow("answered 504");
  expect(asked).toEqual([1000, 250, 62, 50, 50, 50]);
});

test.each([500, 503])("a server that is down (%d) is asked again for the same", async (status) => {
  const { ask, asked } = setUp(0, () => answered(status));
  await expect(ask(1000)).rejects.toThrow(`answered ${status}`);
  expect(asked).toEqual([1000, 1000, 1000]);
});
