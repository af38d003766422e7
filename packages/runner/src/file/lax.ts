/**
 * Coerces values as the original's parser (pydantic) does: text is accepted as a number or a boolean. Anything else is
 * left unchanged, for the schema to reject.
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

/** A boolean, or text or a number that stands for one. */
export const flag = () => z.preprocess(toBoolean, z.boolean("must be true or false"));

/** A whole number. @param what its unit for messages, such as " of seconds" */
export const whole = (what: string, min: number) =>
  z.preprocess(toNumber, z.int(`must be a whole number${what}`).min(min, `must be at least ${min}`));

/** Any number. */
export const amount = (min: number) =>
  z.preprocess(toNumber, z.number("must be a number").min(min, `must be at least ${min}`));
