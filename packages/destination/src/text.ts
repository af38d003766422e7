import type { Json, Value } from "./table.ts";

/**
 * Replaces NUL characters with U+FFFD: PostgreSQL cannot store them, and many programs show SQLite's texts only up to
 * the first.
 */
export function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

/** The same for a value: for JSON in every text, keys included. */
export function valueWithoutNul(value: Value): Value {
  if (typeof value === "string") return withoutNul(value);
  if (Array.isArray(value)) return value.map((item) => valueWithoutNul(item) as Json);
  const isObject = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isObject) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [withoutNul(key), valueWithoutNul(item) as Json]),
  );
}
