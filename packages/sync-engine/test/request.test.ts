import type { SyncEvent } from "@org/sync-engine";
import { createRequest, limiterOf, type Request } from "@org/sync-engine/source";
import { describe, expect, onTestFinished, test, vi } from "vitest";

class ServerTrouble extends Error {
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  constructor(retryable: boolean, retryAfterMs?: number) {
    super("trouble");
    this.retryable = retryable;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

let host = 0;
function setUp(options: Parameters<typeof createRequest>[0]["options"] = {}, concurrency = 2) {
  host += 1;
  const events: SyncEvent[] = [];
  const controller = new AbortController();
  const limiter = limiterOf(`http://host-${host}`, concurrency);
  const request = createRequest({
    limiter,
    signal: controller.signal,
    emit: (event) => events.push(event),
    options: { retryWaitMs: 1, retryWaitMaxMs: 5, ...options },
  });
  return { request, events, controller, limiter };
}

/** Time passes only when the test says so: a busy machine must not use up what a request may take. */
function stopTime() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
}

test("retries retryable errors, and returns the first response", async () => {
  const { request, events } = setUp();
  let calls = 0;
  const answer = await request("page", async () => {
    calls += 1;
    if (calls < 3) throw new ServerTrouble(true);
    return "rows";
  });
  expect(answer).toBe("rows");
  expect(calls).toBe(3);
  expect(events.filter(({ type }) => type === "request-retried")).toHaveLength(2);
  expect(events.filter(({ type }) => type === "request-finished")).toHaveLength(3);
});

test("does not retry errors that are not marked as retryable", async () => {
  for (const error of [new ServerTrouble(false), new Error("a defect"), new TypeError("a defect")]) {
    const { request } = setUp();
    let calls = 0;
    const asked = request("page", async () => {
      calls += 1;
      throw error;
    });
    await expect(asked).rejects.toBe(error);
    expect(calls).toBe(1);
  }
});

test("retries a malformed response twice, however often the server was busy before", async () => {
  const odd = Object.assign(new Error("a page"), { code: "UNEXPECTED_ANSWER" });
  for (const [oddAnswers, expected] of [
    [2, "rows"],
    [3, odd],
  ] as const) {
    const { request } = setUp();
    let calls = 0;
    const asked = request("page", async () => {
      calls += 1;
      if (calls <= 3) throw new ServerTrouble(true);
      if (calls <= 3 + oddAnswers) throw odd;
      return "rows";
    });
    expect(await asked.catch((error: unknown) => error)).toBe(expected);
    expect(calls).toBe(6);
  }
});

test("gives up after the last attempt with the server's own error", async () => {
  const { request } = setUp({ retries: 2 });
  let calls = 0;
  const error = new ServerTrouble(true);
  const asked = request("page", async () => {
    calls += 1;
    throw error;
  });
  await expect(asked).rejects.toBe(error);
  expect(calls).toBe(3);
});

test("retries a 500 less often if there is an alternative, and other errors as usual", async () => {
  const { request } = setUp({ retries: 4 });
  for (const [status, expected] of [
    [500, 3],
    [502, 5],
  ]) {
    let calls = 0;
    const error = Object.assign(new ServerTrouble(true), { status });
    const ask = async () => {
      calls += 1;
      throw error;
    };
    await expect(request("page", ask, { serverErrorRetries: 2 })).rejects.toBe(error);
    expect(calls).toBe(expected);
  }
});

test("pauses requests to the whole host for as long as it asked", async () => {
  stopTime();
  const { request, events } = setUp();
  const asked: string[] = [];
  const first = request("first", async () => {
    asked.push("first");
    if (asked.length === 1) throw new ServerTrouble(true, 300);
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(events.map(({ type }) => type)).toContain("request-retried");
  const second = request("second", async () => asked.push("second"));
  await vi.advanceTimersByTimeAsync(299);
  expect(asked).toEqual(["first"]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all([first, second]);
  expect(asked.toSorted()).toEqual(["first", "first", "second"]);
});

test("does not start a wait that would exceed its time", async () => {
  const { request } = setUp({ totalMs: 1000 });
  const error = new ServerTrouble(true, 3_600_000);
  await expect(request("page", () => Promise.reject(error))).rejects.toBe(error);
});

test("does not wait for a host's pause for longer than its time", async () => {
  const { request, limiter } = setUp({ totalMs: 1000 });
  limiter.pause(3_600_000);
  let calls = 0;
  const asked = request("page", async () => {
    calls += 1;
  });
  await expect(asked).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", retryable: true });
  await expect(asked).rejects.toThrow("page: the server asked to wait for another 3600 s");
  expect(calls).toBe(0);
});

test("does not start a wait between attempts that would exceed its time", async () => {
  const { request, events } = setUp({ totalMs: 1000, retryWaitMs: 60_000, retryWaitMaxMs: 60_000 });
  const error = new ServerTrouble(true);
  await expect(request("page", () => Promise.reject(error))).rejects.toBe(error);
  expect(events.map(({ type }) => type)).toEqual(["request-finished"]);
});

test("reports the actual error rather than that the last attempt ran out of time", async () => {
  stopTime();
  const { request } = setUp({ totalMs: 1500, attemptMs: 100_000, retries: 100 });
  const error = new ServerTrouble(true);
  let calls = 0;
  const asked = request("page", () => {
    calls += 1;
    return calls === 1 ? Promise.reject(error) : new Promise(() => {});
  });
  await Promise.all([expect(asked).rejects.toBe(error), vi.advanceTimersByTimeAsync(1500)]);
  expect(calls).toBe(2);
});

test("does not count waiting for a first turn as its own time", async () => {
  stopTime();
  const { request } = setUp({ totalMs: 2000, retries: 0 }, 1);
  const wait = () => new Promise((resolve) => setTimeout(resolve, 400));
  const all = Array.from({ length: 6 }, () => request("page", wait));
  const [settled] = await Promise.all([Promise.allSettled(all), vi.advanceTimersByTimeAsync(6 * 400)]);
  expect(settled.map(({ status }) => status)).toEqual(all.map(() => "fulfilled"));
});

test("gives every attempt a deadline, even one that ignores its signal", async () => {
  const { request } = setUp({ attemptMs: 20, retries: 1 });
  let calls = 0;
  const asked = request("page", () => {
    calls += 1;
    return new Promise(() => {});
  });
  await expect(asked).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", message: "page: no response within 0 s" });
  expect(calls).toBe(2);
});

test("an abort ends waiting, requests and retries with the signal's reason", async () => {
  const { request, controller } = setUp({ retryWaitMs: 60_000, retryWaitMaxMs: 60_000 });
  const waiting = request("page", () => Promise.reject(new ServerTrouble(true)));
  const asking = request("page", () => new Promise(() => {}));
  const settled = Promise.allSettled([waiting, asking]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const reason = new Error("enough");
  controller.abort(reason);
  expect(await settled).toEqual([
    { status: "rejected", reason },
    { status: "rejected", reason },
  ]);
});

describe("a server that is down", () => {
  const down = (status?: number) => Object.assign(new ServerTrouble(true), status === undefined ? {} : { status });

  /** Sends a request that always fails. @returns the number of attempts, and the error */
  async function failing(request: Request, error: Error) {
    let calls = 0;
    const ask = async () => {
      calls += 1;
      throw error;
    };
    return { thrown: await request("page", ask).catch((thrown: unknown) => thrown), calls };
  }

  test.each([undefined, 502, 503, 504])(
    "is waited for once, whoever sends the next request (status %s)",
    async (status) => {
      const { request } = setUp({ retries: 3 });
      const first = down(status);
      expect(await failing(request, first)).toEqual({ thrown: first, calls: 4 });
      for (let next = 0; next < 3; next += 1) {
        expect(await failing(request, down(status))).toEqual({ thrown: first, calls: 1 });
      }
    },
  );

  test("gets its usual retries once it is back", async () => {
    const { request } = setUp({ retries: 3 });
    await failing(request, down());
    expect(await request("page", async () => "rows")).toBe("rows");
    const again = down();
    expect(await failing(request, again)).toEqual({ thrown: again, calls: 4 });
  });

  test("is back when it answers with an error", async () => {
    const { request } = setUp({ retries: 3 });
    await failing(request, down());
    const throttled = down(500);
    expect(await failing(request, throttled)).toEqual({ thrown: throttled, calls: 4 });
  });

  test.each([500, 429])("is not assumed if one URL fails with %i", async (status) => {
    const { request } = setUp({ retries: 3 });
    await failing(request, down(status));
    const next = down();
    expect(await failing(request, next)).toEqual({ thrown: next, calls: 4 });
  });

  test("is not assumed if something else was answered since", async () => {
    const { request } = setUp({ retries: 3 });
    const broken = request("broken", async () => {
      throw down(503);
    });
    await request("other", async () => "rows");
    await expect(broken).rejects.toMatchObject({ status: 503 });
    const next = down();
    expect(await failing(request, next)).toEqual({ thrown: next, calls: 4 });
  });

  test("is waited for again by the next sync", async () => {
    const { request, limiter } = setUp({ retries: 3 });
    await failing(request, down());
    const signal = new AbortController().signal;
    const next = createRequest({ limiter, signal, emit() {}, options: { retries: 3, retryWaitMs: 1 } });
    expect((await failing(next, down())).calls).toBe(4);
  });
});
