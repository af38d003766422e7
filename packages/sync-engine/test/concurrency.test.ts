import type { RequestOptions, SyncEvent } from "@org/sync-engine";
import { createRequest, limiterOf } from "@org/sync-engine/source";
import { expect, test } from "vitest";

let host = 0;
function setUp(options: RequestOptions = {}, most?: number) {
  host += 1;
  const events: SyncEvent[] = [];
  const limiter = limiterOf(`http://concurrent-${host}`, most);
  const signal = new AbortController().signal;
  const request = createRequest({ limiter, signal, emit: (event) => events.push(event), options });
  return { request, limiter, events };
}

test("sends a host no more concurrent requests than its limit, whoever sends them", async () => {
  host += 1;
  const url = `http://shared-${host}/`;
  const signal = new AbortController().signal;
  const make = (path: string) => createRequest({ limiter: limiterOf(url + path, 2), signal, emit: () => {} });
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
  };
  const [one, other] = [make("a"), make("b")];
  await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other)("page", work)));
  expect(most).toBe(2);
});

/** Sends requests, more than may run at once. */
async function load(requests: number, limit?: number) {
  const { request, limiter, events } = setUp({}, limit);
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
  };
  await Promise.all(Array.from({ length: requests }, (_, index) => request(`tries of ${index}`, work)));
  return { limiter, events, most };
}

test("a host with room for more gets more, and an event says so", async () => {
  const { events, most } = await load(40);
  expect(most).toBe(3);
  expect(events.filter(({ type }) => type === "concurrency-changed")[0]).toEqual({
    ...{ type: "concurrency-changed", from: 2, to: 3, why: "probe" },
  });
});

test("the given maximum stays if others, such as a check, give none", async () => {
  const { most } = await load(100, 2);
  expect(most).toBe(2);
  expect(limiterOf(`http://concurrent-${host}/other`).most).toBe(2);
});

test.each([
  ["429", Object.assign(new Error("trouble"), { retryable: true, status: 429 })],
  ["503", Object.assign(new Error("trouble"), { retryable: true, status: 503 })],
  ["504", Object.assign(new Error("trouble"), { retryable: true, status: 504 })],
  ["a client's timeout", Object.assign(new Error("trouble"), { retryable: true, code: "TIMEOUT" })],
])("halves after %s, and not after other errors", async (_, refusal) => {
  const { request, limiter, events } = setUp({ retries: 1, retryWaitMs: 1 });
  let calls = 0;
  const once = (error: Error) => async () => {
    calls += 1;
    if (calls % 2 === 1) throw error;
  };
  await request("tries of a", once(Object.assign(new Error("trouble"), { retryable: true, status: 500 })));
  expect(limiter.concurrency).toBe(2);
  await request("tries of a", once(refusal));
  expect(limiter.concurrency).toBe(1);
  expect(events).toContainEqual({ type: "concurrency-changed", from: 2, to: 1, why: "refused" });
});

test("halves after a deadline", async () => {
  const { request, limiter } = setUp({ retries: 0, attemptMs: 20 });
  await expect(request("tries of a", () => new Promise(() => {}))).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
  });
  expect(limiter.concurrency).toBe(1);
});
