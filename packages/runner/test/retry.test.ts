import { expect, test } from "vitest";
import { retrySchema } from "../src/file/job-schema.ts";
import { patternOf } from "../src/file/pattern.ts";
import { retryAfterMs } from "../src/retry.ts";

const retry = (given: object) => retrySchema.parse(given);
const failed = (exitCode: number, stderr = "") => ({ exitCode, stderr });

/** The delays before each retry, in seconds, until the run fails for good. */
function pauses(given: object): number[] {
  const found: number[] = [];
  for (
    let ms = retryAfterMs(retry(given), failed(1), 0);
    ms !== undefined;
    ms = retryAfterMs(retry(given), failed(1), found.length)
  ) {
    found.push(ms / 1000);
  }
  return found;
}

test.each([
  [{}, [5, 10, 20]],
  [{ max_retries: 0 }, []],
  [{ initial_delay_seconds: 1, backoff_multiplier: 3, max_delay_seconds: 20, max_retries: 5 }, [1, 3, 9, 20, 20]],
  [{ retry_delay_seconds: 7, max_retries: 2 }, [7, 14]],
  [{ retry_delay_seconds: 7, initial_delay_seconds: 2, max_retries: 2 }, [2, 4]],
  [{ retry_delay_seconds: 0, max_retries: 1 }, [5]],
  [{ initial_delay_seconds: 0, max_retries: 2 }, [0, 0]],
  [{ retry_delay_seconds: null, max_retries: 1 }, [5]],
  [{ backoff_multiplier: 1, max_retries: 3 }, [5, 5, 5]],
])("retries with the delays of %j", (given, expected) => {
  expect(pauses(given)).toEqual(expected);
});

test("retries after the listed exit codes, and no others", () => {
  const codes = (given: object) =>
    [1, 2, 3, 75, 137].filter((code) => retryAfterMs(retry(given), failed(code), 0) !== undefined);
  expect(codes({})).toEqual([1, 2]);
  expect(codes({ retryable_exit_codes: [75] })).toEqual([75]);
  expect(codes({ retryable_exit_codes: [] })).toEqual([]);
  expect(retryAfterMs(undefined, failed(1), 0)).toBeUndefined();
});

test("with patterns, retries only if stderr matches one or is empty", () => {
  const rule = retry({ retryable_error_patterns: ["(?P<what>rate).?limit", "^timeout"] });
  const repeats = (stderr: string) => retryAfterMs(rule, failed(1, stderr), 0) !== undefined;
  expect(["RATE LIMIT hit", "timeout", "", "x timeout", "no such table"].map(repeats)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(retryAfterMs(retry({ retryable_error_patterns: [] }), failed(1, "anything"), 0)).toBe(5000);
});

test.each([
  ["(?P<a>x)(?P=a)", "xx"],
  ["(?i)abc", "ABC"],
  ["(?m)^second", "first\nsecond"],
  ["(?s)a.b", "a\nb"],
  ["\\Aabc\\Z", "abc"],
  ["\\\\A", "\\A"],
])("supports Python's %s", (pattern, text) => {
  expect(patternOf(pattern)?.test(text)).toBe(true);
});

test("rejects patterns that JavaScript does not support", () => {
  expect([patternOf("("), patternOf("(?x) a # b"), patternOf("(?>a)")]).toEqual([undefined, undefined, undefined]);
});
