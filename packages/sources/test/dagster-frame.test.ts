import type { Run } from "@org/dagster-client";
import { expect, test, vi } from "vitest";
import { FrameWatch, filterFrame, filterOffset, frameOf, nextPosition } from "../src/dagster/frame.ts";

const hour = 3600;
const end = 1_795_228_498.374845;
const ended = (shift: number, at = end) => ({ runId: String(shift), updateTime: at + shift, endTime: at }) as Run;

test("a run that ended shows how far the database's times are from UTC", () => {
  expect(frameOf(ended(0))).toBe(0);
  expect(frameOf(ended(-0.9))).toBe(0);
  expect(Object.is(frameOf(ended(-0.9)), 0)).toBe(true);
  expect(frameOf(ended(0.004 - 5 * hour))).toBe(-5 * hour);
  expect(frameOf(ended(9 * hour))).toBe(9 * hour);
  expect(frameOf(ended(5.75 * hour))).toBe(5.75 * hour);
});

test("a run that is open, was tagged later or shows an impossible zone shows nothing", () => {
  expect(frameOf({ updateTime: end, endTime: null })).toBeUndefined();
  expect(frameOf({ updateTime: null, endTime: end })).toBeUndefined();
  expect(frameOf(ended(100))).toBeUndefined();
  expect(frameOf(ended(2.5))).toBeUndefined();
  expect(frameOf(ended(-13 * hour))).toBeUndefined();
  expect(frameOf(ended(24 * hour))).toBeUndefined();
});

test("while the frame is unknown, the window starts as early as any frame could make it", () => {
  expect(filterOffset(undefined)).toBe(-12 * hour);
  expect(filterOffset({ shown: -5 * hour, filter: 0 })).toBe(0);
});

test("the filter compares times as shown if it finds a run just before but not just after its time", () => {
  const run = ended(-5 * hour);
  expect(filterFrame(-5 * hour, run, { before: run })).toBe(-5 * hour);
  expect(filterFrame(9 * hour, run, { before: run })).toBe(9 * hour);
});

test("the filter compares true times if it finds an unchanged run on both sides, or on neither", () => {
  const run = ended(-5 * hour);
  expect(filterFrame(-5 * hour, run, { before: run, after: run })).toBe(0);
  expect(filterFrame(9 * hour, run, {})).toBe(0);
});

test("a run that changed or was deleted shows nothing, and the lower frame is used", () => {
  const run = ended(-5 * hour);
  const changed = { updateTime: run.updateTime! + 60 };
  expect(filterFrame(-5 * hour, run, { before: changed, after: changed })).toBe(-5 * hour);
  expect(filterFrame(9 * hour, run, { before: changed, after: changed })).toBe(0);
  expect(filterFrame(-5 * hour, run, {})).toBe(-5 * hour);
});

test("the smallest frame ever seen counts, and the filter is tested only when it falls", async () => {
  const filtered = vi.fn(async (run: Run) => ({ before: run }));
  const watch = new FrameWatch(undefined, end * 1000, filtered);
  await watch.see([ended(3 * hour), ended(0), ended(700)]);
  expect(watch.frame).toEqual({ shown: 0, filter: 0 });
  expect(filtered).not.toHaveBeenCalled();
  await watch.see([ended(9 * hour)]);
  expect(watch.frame).toEqual({ shown: 0, filter: 0 });
  await watch.see([ended(0), ended(-5 * hour)]);
  expect(watch.frame).toEqual({ shown: -5 * hour, filter: -5 * hour });
  await watch.see([ended(-5 * hour), ended(-4 * hour)]);
  expect(filtered).toHaveBeenCalledTimes(1);
});

test("the last end that showed the frame is not one in the future, nor one that was tagged later", async () => {
  const watch = new FrameWatch(undefined, end * 1000, async () => ({}));
  await watch.see([ended(0, end - 60), ended(100, end - 30), ended(0, end + 24 * hour)]);
  expect(watch.lastEnd).toBe((end - 60) * 1000);
});

const stored = { server: 1_000_000, local: 5_000 };
const now = { server: 2_000_000, local: 1_005_000 };
const from = 990_000;
const overlapMs = 10_000;

test("I6: a position is the server's clock", () => {
  expect(nextPosition(stored, now, { from, lastEnd: 1_999_000, overlapMs })).toEqual(now);
});

test("a position does not move in a sync that saw no run end", () => {
  expect(nextPosition(stored, now, { from, lastEnd: undefined, overlapMs })).toEqual(stored);
  expect(nextPosition(stored, now, { from, lastEnd: from, overlapMs })).toEqual(stored);
});

test("the next window leaves out nothing that came after the last end", () => {
  const next = nextPosition(stored, now, { from, lastEnd: 1_500_000.7, overlapMs });
  expect(next).toEqual({ server: 1_510_000, local: 515_000 });
});
