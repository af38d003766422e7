import { createRandom } from "@org/simulators/internal";
import { expect, test } from "vitest";
import { AdaptiveLimit, type LimitChange } from "../src/adaptive-limit.ts";

interface Server {
  /** Requests that it works on at the same time. The others wait in the order of their arrival. */
  readonly workers: number;
  /** Time of a request alone, in ms, by kind. */
  readonly serviceMs: Readonly<Record<string, number>>;
  /** Rejects a request if so many are there already. @default never */
  readonly most?: number;
  /** How much longer a request takes for each one that is there beyond its workers, as if they fought for memory. @default 0 */
  readonly thrashing?: number;
}

/** A clock that only a simulation moves, and the answers that are due. */
interface World {
  now: number;
  readonly running: { readonly endsAt: number; readonly startedAt: number; readonly kind: string; round: number }[];
  readonly freeAt: number[];
}

/**
 * Sends a number of requests, always as many at once as the limit allows, and moves the clock from answer to answer.
 *
 * @param kindOf the kind of the nth request
 */
function send(
  limit: AdaptiveLimit,
  { workers, serviceMs, most = Number.POSITIVE_INFINITY, thrashing = 0 }: Server,
  requests: number,
  kindOf: (index: number) => string = () => Object.keys(serviceMs)[0]!,
) {
  const random = createRandom(7);
  const world: World = { now: 0, running: [], freeAt: Array.from({ length: workers }, () => 0) };
  const changes: LimitChange[] = [];
  const noticed = (change: LimitChange | undefined) => change && changes.push(change);
  const limits: number[] = [];
  let refusals = 0;
  for (let sent = 0; sent < requests; ) {
    while (sent < requests && world.running.length < limit.limit) {
      sent += 1;
      limits.push(limit.limit);
      if (world.running.length >= most) {
        refusals += 1;
        noticed(limit.refused(limit.round));
        world.now += 1;
        break;
      }
      const kind = kindOf(sent);
      const crowd = Math.max(0, world.running.length + 1 - workers);
      const serviceMsNow = serviceMs[kind]! * (0.6 + 0.8 * random.next()) * (1 + thrashing * crowd);
      const worker = world.freeAt.indexOf(Math.min(...world.freeAt));
      const endsAt = Math.max(world.now, world.freeAt[worker]!) + serviceMsNow;
      world.freeAt[worker] = endsAt;
      world.running.push({ endsAt, startedAt: world.now, kind, round: limit.round });
    }
    world.running.sort((a, b) => a.endsAt - b.endsAt);
    const isFull = world.running.length >= limit.limit;
    const { endsAt, startedAt, kind, round } = world.running.shift()!;
    world.now = endsAt;
    noticed(limit.answered({ kind, durationMs: endsAt - startedAt, round, isFull }));
  }
  return { changes, limits, refusals, late: limits.slice(-Math.floor(requests / 2)), ms: world.now };
}

/** The limit that was in force most often. */
function usual(limits: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const each of limits) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]![0];
}

test("starts with two", () => {
  expect(new AdaptiveLimit(8).limit).toBe(2);
  expect(new AdaptiveLimit(1).limit).toBe(1);
});

test.each([
  [1, 1, 1],
  [2, 2, 2],
  [3, 3, 4],
  [4, 4, 4],
  [6, 6, 6],
  [8, 8, 8],
  [50, 8, 8],
])("a server with %i workers usually gets between %i and %i requests at once", (workers, from, to) => {
  const { late } = send(new AdaptiveLimit(8), { workers, serviceMs: { tries: 20 } }, 8000);
  expect(usual(late)).toBeGreaterThanOrEqual(from);
  expect(usual(late)).toBeLessThanOrEqual(to);
});

test("a server that is fast gets the most within 300 requests", () => {
  const { limits } = send(new AdaptiveLimit(8), { workers: 50, serviceMs: { tries: 20 } }, 300);
  expect(limits.at(-1)).toBe(8);
});

test("probes ever more rarely while they bring nothing", () => {
  const { changes, limits } = send(new AdaptiveLimit(8), { workers: 3, serviceMs: { tries: 20 } }, 40_000);
  expect(changes.filter(({ why }) => why === "probe").length).toBeLessThan(16);
  expect(limits.slice(20_000).filter((each) => each > 4).length).toBeLessThan(500);
});

test("different kinds of requests do not pass for a slower or faster server", () => {
  const server = { workers: 4, serviceMs: { lists: 900, tries: 10 } };
  // First lists, then lookups, then lists again, then both.
  const kindOf = (index: number) =>
    index < 200 || (index >= 3000 && index < 3400) || (index > 5000 && index % 7 === 0) ? "lists" : "tries";
  const { late, changes } = send(new AdaptiveLimit(8), server, 8000, kindOf);
  expect(usual(late)).toBe(4);
  expect(changes.filter(({ why }) => why === "slow")).toEqual([]);
});

test("a server that refuses more than five settles below, and is refused ever more rarely", () => {
  const limit = new AdaptiveLimit(8);
  const server = { workers: 50, serviceMs: { tries: 20 }, most: 5 };
  const { late, refusals } = send(limit, server, 20_000);
  expect(usual(late)).toBeLessThanOrEqual(5);
  expect(usual(late)).toBeGreaterThanOrEqual(4);
  expect(refusals).toBeLessThan(12);
});

test("a crowded server gets half at once", () => {
  const limit = new AdaptiveLimit(16);
  send(limit, { workers: 16, serviceMs: { tries: 20 } }, 2000);
  expect(limit.limit).toBe(16);
  const { changes, late } = send(limit, { workers: 4, serviceMs: { tries: 20 }, thrashing: 0.5 }, 4000);
  expect(changes[0]).toEqual({ from: 16, to: 8, why: "slow" });
  expect(usual(late)).toBeLessThanOrEqual(4);
});

test("requests that were refused together halve the limit once", () => {
  const limit = new AdaptiveLimit(8);
  send(limit, { workers: 50, serviceMs: { tries: 20 } }, 600);
  const { round } = limit;
  expect([limit.refused(round), limit.refused(round), limit.refused(round)]).toEqual([
    { from: 8, to: 4, why: "refused" },
    undefined,
    undefined,
  ]);
});

test("a server that was down gets as many as before soon after", () => {
  const limit = new AdaptiveLimit(8);
  const server = { workers: 50, serviceMs: { tries: 20 } };
  send(limit, server, 600);
  for (let attempt = 0; attempt < 6; attempt += 1) limit.refused(limit.round);
  expect(limit.limit).toBe(1);
  expect(send(limit, server, 1500).limits.at(-1)).toBeGreaterThanOrEqual(7);
});

test("grows no more while other work, not the limit, sets the pace", () => {
  const limit = new AdaptiveLimit(8);
  for (let index = 0; index < 1000; index += 1) {
    limit.answered({ kind: "lists", durationMs: 10, round: limit.round, isFull: false });
  }
  expect(limit.limit).toBe(2);
});

test("a lower maximum applies at once", () => {
  const limit = new AdaptiveLimit(8);
  send(limit, { workers: 50, serviceMs: { tries: 20 } }, 600);
  limit.most = 3;
  expect(limit.limit).toBe(3);
});
