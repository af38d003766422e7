import { cut, isRecord } from "@org/kit";

/** The server's message, decoded from a response's text: see AirflowResponseError.detail. */
export function decodeDetail(body: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return /^\s*</.test(body) ? htmlTitle(body) : body;
  }
  // Anything too deep to read, or to recurse into, is shown as text.
  if (isDeep(json)) return body;
  if (!isRecord(json)) return json;
  // Routes respond with `detail`, the router itself with `error`.
  return withoutInput(json).detail ?? json.error ?? json;
}

/** No server nests its error details deeper than this. */
const mostLevels = 100;

function isDeep(json: unknown): boolean {
  let level = [json];
  for (let depth = 0; depth < mostLevels && level.length > 0; depth += 1) {
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return level.length > 0;
}

/** A response without the input that its validation errors repeat, which may be a password. */
export function withoutInput(json: Record<string, unknown>): Record<string, unknown> {
  const { detail } = json;
  if (!Array.isArray(detail)) return json;
  const said = detail.map((each: unknown) => {
    if (!isRecord(each)) return each;
    const { input: _, ctx: __, ...rest } = each;
    return rest;
  });
  return { ...json, detail: said };
}

/** A detail as one line of text, at most 500 characters. */
export function describeDetail(detail: unknown): string {
  const text = describe(detail).replace(/\s+/g, " ").trim();
  return cut(text, 500);
}

function describe(detail: unknown): string {
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) return detail.map(describeValidation).join("; ");
  if (isRecord(detail)) {
    // Database errors: { reason, statement, orig_error, message }.
    const parts = [detail.reason, detail.title, detail.message].filter((part) => typeof part === "string");
    if (parts.length > 0) return parts.join(": ");
  }
  return JSON.stringify(detail) ?? "";
}

/** FastAPI's `{ loc: ["query", "limit"], msg, … }` as `query.limit: message`. */
function describeValidation(error: unknown): string {
  if (!isRecord(error) || typeof error.msg !== "string") return describe(error);
  const location = Array.isArray(error.loc) ? error.loc.map(describe).join(".") : "";
  return location ? `${location}: ${error.msg}` : error.msg;
}

function htmlTitle(html: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.trim();
  return title ? `an HTML page titled "${title}"` : "an HTML page";
}
