import type { SyncError } from "@org/sync-engine";
import { expectShape, shapes, uniqueRows } from "@org/sync-engine/source";
import { describe, expect, test } from "vitest";

const { count, id, integer, list, nullable, object, optional, text } = shapes;
const page = object({
  rows: list(object({ id, note: nullable(text), tags: list(object({ name: text })), number: optional(integer) })),
  total: count,
});
const row = { id: "a", note: null, tags: [{ name: "x" }] };
const said = (answer: unknown) => {
  try {
    expectShape(page, answer, "The response to things (http://server/things)");
    return "fits";
  } catch (error) {
    expect((error as SyncError).code).toBe("UNEXPECTED_ANSWER");
    return (error as Error).message;
  }
};

test("a valid response is accepted, with extra fields, and without optional ones", () => {
  expect(said({ rows: [], total: 0, next: 7 })).toBe("fits");
  expect(said({ rows: [row, { ...row, number: 3, more: {} }, { ...row, number: null }], total: 3 })).toBe("fits");
});

describe("a violation is named: the URL, the field, and its value", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [null, "it is null, expected an object"],
    ["<html>", 'it is "<html>", expected an object'],
    [[], "it is a list, expected an object"],
    [{ rows: [], total: undefined }, "total is missing, expected a whole number from 0"],
    ...[null, -1, 1.5, 1e308, "5", Number.NaN].map(
      (total) => [{ rows: [], total }, "total is"] as readonly [unknown, string],
    ),
    [{ rows: "rows", total: 1 }, 'rows is "rows", expected a list'],
    [{ rows: { 0: row }, total: 1 }, "rows is an object, expected a list"],
    [{ rows: [row, null], total: 1 }, "rows[1] is null, expected an object"],
    [{ rows: [{ ...row, id: {} }], total: 1 }, "rows[0].id is an object, expected a non-empty string"],
    [{ rows: [{ ...row, id: "" }], total: 1 }, 'rows[0].id is "", expected a non-empty string'],
    [{ rows: [{ ...row, note: undefined }], total: 1 }, "rows[0].note is missing, expected text"],
    [{ rows: [{ ...row, tags: [{ name: "x" }, {}] }], total: 1 }, "rows[0].tags[1].name is missing"],
    [{ rows: [{ ...row, number: 0.5 }], total: 1 }, "rows[0].number is 0.5, expected a whole number"],
  ];
  test.each(cases)("%j", (answer, expected) => {
    expect(said(answer)).toContain("The response to things (http://server/things)");
    expect(said(answer)).toContain(expected);
  });

  test("a long value is shortened", () => {
    expect(said({ rows: "x".repeat(1_000_000), total: 1 }).length).toBeLessThan(400);
  });
});

describe("I13: rows with one key", () => {
  const key = ["dag", "run"];
  const unique = (...rows: object[]) => uniqueRows(rows, key, "The response to runs");

  test("are an error if they differ: both keys, and the columns that differ", () => {
    const rows = [
      { dag: "a", run: "1", region: 0, conf: { x: 1 } },
      { dag: "a", run: "1", region: 1, conf: { x: 2 } },
    ];
    expect(() => unique(...rows)).toThrow(
      expect.objectContaining({
        code: "KEY_COLLISION",
        message: expect.stringMatching(
          /^The response to runs: two different rows.*dag "a", run "1"; and dag "a", run "1".*region \(0, 1\), conf \(an object, an object\)/,
        ),
      }),
    );
    expect(() => unique({ dag: "a", run: "1" }, { dag: "a", run: "1", note: null })).toThrow("note (missing, null)");
  });

  test("are one row if they are equal", () => {
    const rows = [
      { dag: "a", run: "1", tags: [1, { b: 2n }] },
      { dag: "b", run: "1" },
      { dag: "a", run: "1", tags: [1, { b: 2n }] },
    ];
    expect(unique(...rows)).toEqual(rows.slice(0, 2));
  });

  test("are distinguished from keys that only look alike", () => {
    const rows = [
      { dag: "a1 b", run: "c" },
      { dag: "a", run: "b1 c" },
      { dag: "a", run: "1 b" },
      { dag: "a1", run: " b" },
    ];
    expect(unique(...rows)).toEqual(rows);
    expect(() => unique(...rows, { dag: "a", run: "b1 c", state: "x" })).toThrow("state (missing");
  });
});
