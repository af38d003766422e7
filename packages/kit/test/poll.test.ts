import { getEventListeners } from "node:events";
import { poll, retryAfterMs, sleep } from "@org/kit";
import { expect, test } from "vitest";

const soon = (word: string) => new Promise<string>((resolve) => setTimeout(resolve, 20, word));
const trouble = (init: object) => Object.assign(new Error("trouble"), init);
const tooLate = (message: string, cause: unknown) => new Error(message, { cause });

test.each([2 ** 31, 1e12, Number.POSITIVE_INFINITY])(
  "a sleep of %s ms, longer than a timer allows, does not end at once, and its signal ends it",
  async (durationMs) => {
    const controller = new AbortController();
    const sleeping = sleep(durationMs, controller.signal).then(() => "awake");
    expect(await Promise.race([sleeping, soon("asleep")])).toBe("asleep");
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  },
);

test.each([1, 0])("a sleep of %i ms ends, and leaves no listener on the signal", async (durationMs) => {
  const { signal } = new AbortController();
  await sleep(durationMs, signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a sleep does not start if the signal has already aborted", async () => {
  const reason = new Error("enough");
  await expect(sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("a poll continues after retryable errors, waits as long as they ask, and asks a last time at its end", async () => {
  let asked = 0;
  const first = trouble({ retryable: true, retryAfterMs: 1e12 });
  const answers = [() => Promise.reject(first), async () => "found"];
  const ask = () => answers[asked++]!();
  const options = { intervalMs: 1, deadlineMs: 300 };
  expect(await poll({ what: "it", options, signal: undefined, ask, tooLate })).toBe("found");
  expect(asked).toBe(2);
});

test("a poll that times out says what it waited for, and why the last request failed", async () => {
  const last = trouble({ retryable: true });
  const options = { intervalMs: 1, deadlineMs: 10 };
  const polled = poll({ what: "it", options, signal: undefined, ask: () => Promise.reject(last), tooLate });
  await expect(polled).rejects.toMatchObject({
    message: expect.stringContaining("0.01 s waiting for it"),
    cause: last,
  });
});

test.each([trouble({ retryable: false }), trouble({ retryable: "yes" }), new Error("a defect"), undefined, null])(
  "a poll ends with an error that is not retryable",
  async (thrown) => {
    const polled = poll({ what: "it", options: {}, signal: undefined, ask: () => Promise.reject(thrown), tooLate });
    await expect(polled).rejects.toBe(thrown);
  },
);

test.each([
  ["0.0001", 1],
  [" 7 ", 7000],
  ["Saturday, 21-Nov-26 09:00:30 GMT", 30_000],
  ["-5", undefined],
  ["5 seconds", undefined],
  ["", undefined],
])("Retry-After: %j is %s ms", (value, milliseconds) => {
  const headers = new Headers({ "retry-after": value, date: "Sat, 21 Nov 2026 09:00:00 GMT" });
  expect(retryAfterMs(headers)).toBe(milliseconds);
});

test("a date in Retry-After counts from our own clock if the server sends no Date", () => {
  const headers = new Headers({ "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" });
  expect(retryAfterMs(headers)).toBeGreaterThan(1e12);
});

test("no header means no wait", () => {
  expect(retryAfterMs(new Headers())).toBeUndefined();
});
