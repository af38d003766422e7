/**
 * Values as the original's reader (pydantic) takes them: text where a number or a truth belongs. What is none of these is
 * left as it is, for the schema to complain about.
 */
import * as z from "zod";

const truths = new Map<unknown, boolean>([
  ...["true", "t", "yes", "y", "on", "1", 1].map((each) => [each, true] as const),
  ...["false", "f", "no", "n", "off", "0", 0].map((each) => [each, false] as const),
]);

function toBoolean(value: unknown): unknown {
  return truths.get(typeof value === "string" ? value.toLowerCase() : value) ?? value;
}

function toNumber(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && /^\s*[+-]?\d+(\.\d*)?\s*$/.test(value) ? Number(value) : value;
}

/** true or false, or what stands for one. */
export const flag = () => z.preprocess(toBoolean, z.boolean("must be true or false"));

/** A whole number. @param what of which unit, for messages */
export const whole = (what: string, min: number) =>
  z.preprocess(toNumber, z.int(`must be a whole number${what}`).min(min, `must be at least ${min}`));

/** Any number. */
export const amount = (min: number) =>
  z.preprocess(toNumber, z.number("must be a number").min(min, `must be at least ${min}`));
