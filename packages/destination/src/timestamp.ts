/**
 * Timestamps travel as UTC text with exactly six fractional digits and a `Z`, years 0001 to 9999; drivers want
 * microseconds. A JavaScript Date holds milliseconds only, hence the two conversions below.
 */

const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Microseconds since 1970 of a timestamp's text, or undefined when it is no timestamp in our form. */
export function microsecondsOf(text: string): bigint | undefined {
  if (!form.test(text) || text < "0001") return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  // Date.parse takes February 30 for March 2 and 24:00 for the next day; we do not.
  const doubtful = text.slice(8, 10) > "28" || text.slice(11, 13) === "24";
  if (doubtful && new Date(milliseconds).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined;
  return BigInt(milliseconds) * 1000n + BigInt(text.slice(23, 26));
}

/** The text of a moment, given in microseconds since 1970. */
export function timestampText(microseconds: bigint): string {
  const below = ((microseconds % 1000n) + 1000n) % 1000n;
  const milliseconds = Number((microseconds - below) / 1000n);
  return `${new Date(milliseconds).toISOString().slice(0, 23)}${String(below).padStart(3, "0")}Z`;
}
