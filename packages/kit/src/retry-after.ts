/** The wait that a Retry-After header requests, in ms: seconds, or a date by the server's own clock. */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000);
  // Date.parse accepts numbers, even negative ones, as years and months.
  const until = /^[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  const now = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(until) ? undefined : Math.max(0, until - (Number.isNaN(now) ? Date.now() : now));
}
