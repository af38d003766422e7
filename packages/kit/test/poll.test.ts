import { getEventListeners } from "node:events";
import { poll, retryAfterMs, sleep } from "@org/kit";
import { expect, test } from "vitest";

const soon = (word: string) => new Promise<string>((resolve) => setTimeout(resolve, 20, word));
const trouble = (init: object) => Object.assign(new Error("trouble"), init);
const tooLate = (message: string, cause: unknown) => new Error(message, { cause });

test.each([2 ** 31, 1e12, Number.POSITIVE_INFINITY])(
  "a sleep of %s ms, longer than a timer can take, does not end at once, and ends by its signal",
  async (durationMs) => {
    const controller = new AbortController();
    const sleeping = sleep(durationMs, controller.signal).then(() => "awake");
    expect(await Promise.race([sleeping, soon("asleep")])).toBe("asleep");
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  },
);

test.each([1, 0])("a sleep of %i ms ends, and leaves nothing behind at the signal", async (durationMs) => {
  const { signal } = new AbortController();
  await sleep(durationMs, signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a sleep does not begin where the signal has aborted already", async () => {
  const reason = new Error("enough");
  await expect(sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("a poll goes on after errors that may pass, waits as long as they ask to, and asks a last time at its end", async () => {
  let asked = 0;
  const first = trouble({ retryable: true, retryAfterMs: 1e12 });
  const answers = [() => Promise.reject(first), async () => "found"];
  const ask = () => answers[asked++]!();
  const options = { intervalMs: 1, deadlineMs: 20 };
  expect(await poll({ what: "it", options, signal: undefined, ask, tooLate })).toBe("found");
  expect(asked).toBe(2);
});

test("a poll that is too late says for what, and why the last question failed", async () => {
  const last = trouble({ retryable: true });
  const options = { intervalMs: 1, deadlineMs: 10 };
  const polled = poll({ what: "it", options, signal: undefined, ask: () => Promise.reject(last), tooLate });
  await expect(polled).rejects.toMatchObject({
    message: expect.stringContaining("0.01 s waiting for it"),
    cause: last,
  });
});

test.each([trouble({ retryable: false }), trouble({ retryable: "yes" }), new Error("a defect"), undefined, null])(
  "a poll ends with an error that does not say that it may pass",
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

test("a date in Retry-After counts from our own clock where the server shows none", () => {
  const headers = new Headers({ "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" });
  expect(retryAfterMs(headers)).toBeGreaterThan(1e12);
});

test("there is no wait without the header", () => {
  expect(retryAfterMs(new Headers())).toBeUndefined();
});
