import type { Json, Value } from "./table.ts";

/**
 * A text without NUL characters, U+FFFD in their place: PostgreSQL cannot store them, and of what SQLite stores many
 * programs show only what stands before the first.
 */
export function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

/** The same of a value, in every text of it where it is JSON, names included. */
export function valueWithoutNul(value: Value): Value {
  if (typeof value === "string") return withoutNul(value);
  if (Array.isArray(value)) return value.map((item) => valueWithoutNul(item) as Json);
  const isObject = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isObject) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [withoutNul(key), valueWithoutNul(item) as Json]),
  );
}
