/** The server's responses, with the headers that all of them share. */
import { createHash } from "node:crypto";
import type { HandledRequest, HandledResponse } from "./exchange.ts";

export interface Reply {
  /** @default 200 */
  readonly status?: number;
  readonly type: keyof typeof types;
  readonly body: string;
  /** The time that it shows. With it, the response has an ETag. @default none */
  readonly asOf?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const types = {
  html: "text/html; charset=utf-8",
  json: "application/json; charset=utf-8",
  csv: "text/csv; charset=utf-8; header=present",
  metrics: "text/plain; version=0.0.4; charset=utf-8",
} as const;

/** Other sites' pages can neither frame nor read a response, nor make it pass for another type. */
const guards = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;

export function send(
  request: Pick<HandledRequest, "headers">,
  response: HandledResponse,
  { status = 200, type, body, asOf, headers = {} }: Reply,
): void {
  const bytes = Buffer.from(body);
  const etag = asOf && `"${asOf}-${createHash("sha256").update(bytes).digest("base64url").slice(0, 16)}"`;
  // The page's own policy is in the page.
  const policy = type === "html" ? "frame-ancestors 'none'" : "default-src 'none'; frame-ancestors 'none'";
  const common = {
    "cache-control": etag ? "no-cache" : "no-store",
    "content-security-policy": policy,
    ...guards,
    ...(etag && { etag }),
    ...headers,
  };
  if (etag && matches(request.headers["if-none-match"], etag)) {
    response.writeHead(304, common);
    response.end();
    return;
  }
  response.writeHead(status, { ...common, "content-type": types[type], "content-length": bytes.length });
  // For HEAD, Node omits the body.
  response.end(bytes);
}

/** By weak comparison, as the standard requires. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((each) => {
    const wanted = each.trim().replace(/^W\//, "");
    return wanted === "*" || wanted === etag;
  });
}
