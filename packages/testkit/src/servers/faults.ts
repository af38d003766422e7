/** Faults of networks and proxies, by name. */
import { gzipSync } from "node:zlib";
import type { ProxiedAnswer, ProxyFault } from "./fault-proxy.ts";

/** An error page of nginx. */
export function nginx(status: number, title: string): Partial<ProxiedAnswer> {
  const page = `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n<hr><center>nginx/1.27.3</center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: { "content-type": "text/html", server: "nginx/1.27.3" }, body: Buffer.from(page) };
}

const badGateway = nginx(502, "Bad Gateway");
const tooMany = nginx(429, "Too Many Requests");
const spoilHeaders = (more: Record<string, string>): ProxyFault => ({
  spoil: (answer) => ({ ...answer, headers: { ...answer.headers, ...more } }),
});

/** Transient faults: a retry succeeds. */
export const passing: Readonly<Record<string, ProxyFault>> = {
  "429 with Retry-After in seconds": { answer: { ...tooMany, headers: { "retry-after": "0.02" } } },
  "429 with Retry-After as a date": {
    // Relative to the response's own clock, however far that is from ours.
    answer: {
      ...tooMany,
      headers: { date: "Sat, 21 Nov 2026 09:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 09:00:00 GMT" },
    },
  },
  "500 as text": { answer: { status: 500, headers: { "content-type": "text/plain" }, body: Buffer.from("Internal") } },
  "502 from nginx": { answer: badGateway },
  "503 from nginx": { answer: nginx(503, "Service Temporarily Unavailable") },
  "504 from nginx": { answer: nginx(504, "Gateway Time-out") },
  "a connection reset before the server was asked": { reset: "before" },
  "a connection reset after the server answered": { reset: "after" },
  "a connection that ends in the middle of the headers": { reset: "headers" },
  "a body cut at its first byte": { cut: { at: 1, end: "length" } },
  "a cut body that looks complete": { cut: { at: 30, end: "close" } },
  "an empty body without a length": { cut: { at: 0, end: "close" } },
  "content-encoding gzip for an uncompressed body": spoilHeaders({ "content-encoding": "gzip" }),
  "content-encoding br for an uncompressed body": spoilHeaders({ "content-encoding": "br" }),
  "truncated gzip": {
    spoil: (answer) => {
      const whole = gzipSync(answer.body);
      return {
        ...answer,
        headers: { ...answer.headers, "content-encoding": "gzip" },
        body: whole.subarray(0, Math.floor(whole.length / 2)),
      };
    },
  },
  "no response for a long time": { stall: "silent" },
  "a stall in the headers": { stall: "headers" },
  "a stall in the body": { stall: "body" },
};

/** Permanent faults, and how the error must name each. */
export const lasting: Readonly<Record<string, { readonly fault: ProxyFault; readonly says: RegExp }>> = {
  "429 for longer than a request may take": {
    fault: { answer: { ...tooMany, headers: { "retry-after": "86400" } } },
    says: /429/,
  },
  "a storm of 503": { fault: { answer: nginx(503, "Service Temporarily Unavailable") }, says: /503/ },
  "HTML with status 200": {
    fault: { answer: { ...nginx(200, "Sign in"), status: 200 } },
    says: /(text\/html|NOT_AN_API|GraphQL)/,
  },
  "404 from nginx": { fault: { answer: nginx(404, "Not Found") }, says: /404/ },
  "403 from nginx": { fault: { answer: nginx(403, "Forbidden") }, says: /403/ },
  "the wrong content type": { fault: spoilHeaders({ "content-type": "text/plain" }), says: /text\/plain/ },
  "an empty object": {
    fault: { answer: { headers: { "content-type": "application/json" }, body: Buffer.from("{}") } },
    says: /(is missing, expected|not a complete|access_token|JSON)/,
  },
  "no response ever": { fault: { stall: "silent" }, says: /(no response within|not complete|no whole answer)/ },
  "a body that is always cut": {
    fault: { cut: { at: 20, end: "close" } },
    says: /(truncated|not a complete GraphQL response)/,
  },
};
