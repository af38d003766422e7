/** Finding rejected rows by bisection. */
import { type DestinationError, defineTable } from "@org/destination";
import { expect, test } from "vitest";
import { Refusal, refusedRows } from "../src/sql/refused-rows.ts";

const table = defineTable({
  name: "numbers",
  description: "Numbers.",
  primaryKey: ["n"],
  columns: { n: { type: "int64", description: "Key." }, text: { type: "string", description: "Text." } },
});
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ n, text: "" }));
const refusal = () => new Refusal("Storing numbers", "one of them is bad", new Error("one of them is bad"));

/** A database that rejects the given rows, and counts its attempts and rows. */
async function find(all: readonly { n: number; text: string }[], isRefused: (numbers: readonly number[]) => boolean) {
  const tried = { attempts: 0, rows: 0 };
  const attempt = async (some: readonly { n: number }[]) => {
    tried.attempts += 1;
    tried.rows += some.length;
    if (isRefused(some.map(({ n }) => n))) throw refusal();
  };
  const error = await refusedRows(table, all, refusal(), attempt);
  return { ...tried, error, found: error.rows?.map(({ key }) => key.n) };
}

test.each([[[0]], [[999]], [[17, 18, 500, 998]], [[]]])("finds %j among a thousand", async (bad) => {
  const { found, error, attempts, rows: tried } = await find(rows(1000), (some) => some.some((n) => bad.includes(n)));
  expect(found).toEqual(bad.length > 0 ? bad : undefined);
  expect(error.code).toBe(bad.length > 0 ? "INVALID_ROW" : "FAILED");
  expect(attempts).toBeLessThanOrEqual(2 * Math.max(1, bad.length) * 10 + 2);
  expect(tried).toBeLessThanOrEqual(4000 * Math.max(1, bad.length));
});

test("finds a hundred if all are bad, and does not try the others", async () => {
  const { found, attempts } = await find(rows(10_000), (some) => some.length > 0);
  expect(found).toHaveLength(100);
  expect(attempts).toBeLessThan(300);
});

test("keeps the later of two rows that are only rejected together", async () => {
  const { found } = await find(rows(100), (some) => some.includes(20) && some.includes(70));
  expect(found).toEqual([70]);
});

test("tries only the last of rows with the same key", async () => {
  const { found, attempts } = await find(
    [
      { n: 1, text: "first" },
      { n: 1, text: "last" },
    ],
    () => true,
  );
  expect([found, attempts]).toEqual([[1], 1]);
});

test("rethrows errors that are not about rows", async () => {
  const full = new Error("the disk is full");
  const attempt = async () => {
    throw full;
  };
  await expect(refusedRows(table, rows(3), refusal(), attempt)).rejects.toBe(full);
});

test("gives each row's reason, shortened", async () => {
  const attempt = async ([first]: readonly { n: number }[]) => {
    throw new Refusal("Storing numbers", `${first?.n} ${"x".repeat(1_000_000)}`, undefined);
  };
  const error: DestinationError = await refusedRows(table, rows(2), refusal(), attempt);
  expect(error.rows?.map(({ reason }) => reason.slice(0, 3))).toEqual(["0 x", "1 x"]);
  expect(error.message.length).toBeLessThan(600);
});
