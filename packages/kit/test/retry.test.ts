import { retrying } from "@org/kit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const trouble = (init: object) => Object.assign(new Error("trouble"), init);

/** The waits that were asked for, in ms; they end at once. */
let waits: number[] = [];
beforeEach(() => {
  waits = [];
  const { setTimeout } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((wake: () => void, ms: number) => {
    waits.push(ms);
    return setTimeout(wake, 0);
  }) as typeof setTimeout);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Work that fails with these errors in turn, then succeeds. */
function failing(...errors: unknown[]) {
  let attempts = 0;
  const work = async () => {
    attempts += 1;
    if (errors.length > 0) throw errors.shift();
    return "done";
  };
  return { work, attempts: () => attempts };
}

test("work is repeated while its errors allow it", async () => {
  const { work, attempts } = failing(trouble({ retryable: true }));
  expect(await retrying(work, { retries: 2, signal: undefined })).toBe("done");
  expect(attempts()).toBe(2);
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeGreaterThanOrEqual(500);
});

test.each([
  ["without retries", 0, { retryable: true }],
  ["if a retry would not help", 5, { retryable: false }],
  ["if the error does not say that it would", 5, {}],
])("work is not repeated %s", async (_, retries, init) => {
  const error = trouble(init);
  const { work, attempts } = failing(error);
  await expect(retrying(work, { retries, signal: undefined })).rejects.toBe(error);
  expect(attempts()).toBe(1);
});

test("the last error is thrown once the retries are used up", async () => {
  const last = trouble({ retryable: true });
  const { work, attempts } = failing(trouble({ retryable: true }), last);
  await expect(retrying(work, { retries: 1, signal: undefined })).rejects.toBe(last);
  expect(attempts()).toBe(2);
});

test("no attempt is made before the time that the server asked for", async () => {
  const { work } = failing(trouble({ retryable: true, retryAfterMs: 45_000 }));
  await retrying(work, { retries: 1, signal: undefined });
  expect(waits.reduce((sum, ms) => sum + ms)).toBeCloseTo(45_000, 3);
});

test("an abort ends the wait with its reason", async () => {
  const controller = new AbortController();
  const { work } = failing(trouble({ retryable: true, retryAfterMs: 3_600_000 }));
  const working = retrying(work, { retries: 1, signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  await expect(working).rejects.toBe(reason);
});
