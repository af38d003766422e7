import { getEventListeners } from "node:events";
import { setImmediate as settled } from "node:timers/promises";
import { eitherSignal, raceAbort, withDeadline } from "@org/kit";
import { expect, test } from "vitest";

const never = () => new Promise<never>(() => {});
const tooSlow = new Error("too slow");
const timeout = () => tooSlow;

test("work that ignores its signal ends with the deadline's error", async () => {
  let given: AbortSignal | undefined;
  const work = (signal: AbortSignal) => {
    given = signal;
    return never();
  };
  await expect(withDeadline(work, { timeoutMs: 5, signals: [], timeout })).rejects.toBe(tooSlow);
  expect(given?.reason).toBe(tooSlow);
});

test("work that throws its own error when aborted ends with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const work = async () => {
    controller.abort(reason);
    throw new Error("the socket was closed");
  };
  const signals = [undefined, new AbortController().signal, controller.signal];
  await expect(withDeadline(work, { timeoutMs: 60_000, signals, timeout })).rejects.toBe(reason);
});

test("nothing starts if a signal has already aborted", async () => {
  const reason = new Error("enough");
  let begun = false;
  const work = async () => {
    begun = true;
  };
  const signals = [AbortSignal.abort(reason)];
  await expect(withDeadline(work, { timeoutMs: 60_000, signals, timeout })).rejects.toBe(reason);
  expect(begun).toBe(false);
});

test("work's own result and error pass through, and no listener stays on the signals", async () => {
  const { signal } = new AbortController();
  const limits = { timeoutMs: 60_000, signals: [signal], timeout };
  const defect = new Error("a defect");
  let given: AbortSignal | undefined;
  const work = async (inner: AbortSignal) => {
    given = inner;
    return 1;
  };
  expect(await withDeadline(work, limits)).toBe(1);
  await expect(withDeadline(() => Promise.reject(defect), limits)).rejects.toBe(defect);
  expect(await raceAbort(Promise.resolve(2), signal)).toBe(2);
  await settled();
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(getEventListeners(given!, "abort")).toEqual([]);
});

test("a race against an aborted signal is lost", async () => {
  const reason = new Error("enough");
  await expect(raceAbort(never(), AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("either of two signals aborts; a single one is returned as it is", () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const either = eitherSignal(one.signal, other.signal);
  other.abort();
  expect(either?.aborted).toBe(true);
  expect(eitherSignal(one.signal, undefined)).toBe(one.signal);
  expect(eitherSignal(undefined, one.signal)).toBe(one.signal);
  expect(eitherSignal(undefined, undefined)).toBeUndefined();
});
