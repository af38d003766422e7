/** A value for messages: its kind and its beginning, since it may be as large as a response. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  const text = typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value);
  return typeof value === "string" && value.length > 60 ? `${text.slice(0, -1)}…"` : text;
}
