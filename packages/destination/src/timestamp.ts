/**
 * Timestamps travel as UTC text with exactly six fractional digits and a `Z`, years 0001 to 9999; databases want
 * microseconds. Parsed by hand, since a Date holds only milliseconds, takes February 30 for March 2, and would be half
 * the cost of storing a row.
 */

const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a text is a timestamp in our form. */
export function isTimestamp(text: string): boolean {
  if (!form.test(text)) return false;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  // Month 00 or 13 has no entry in the list, and no day is less than or equal to undefined.
  if (year < 1 || day < 1 || !(day <= (daysInMonth[month - 1] as number) + leapDay)) return false;
  return digits(text, 11, 13) < 24 && digits(text, 14, 16) < 60 && digits(text, 17, 19) < 60;
}

/** Converts a timestamp's text to microseconds since 1970. Returns undefined if it is not in our form. */
export function microsecondsOf(text: string): bigint | undefined {
  if (!isTimestamp(text)) return undefined;
  // Date.UTC maps the years 0 to 99 to 1900 to 1999; the calendar repeats every 400 years.
  const midnight =
    Date.UTC(digits(text, 0, 4) + 400, digits(text, 5, 7) - 1, digits(text, 8, 10)) - 146_097 * 86_400_000;
  const seconds = digits(text, 11, 13) * 3600 + digits(text, 14, 16) * 60 + digits(text, 17, 19);
  const milliseconds = midnight + seconds * 1000;
  const below = digits(text, 20, 26);
  const sum = milliseconds * 1000 + below;
  // Until the year 2255, a number holds all of it, and one BigInt is cheaper than four.
  return Number.isSafeInteger(sum) ? BigInt(sum) : BigInt(milliseconds) * 1000n + BigInt(below);
}

function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let index = start; index < end; index += 1) number = number * 10 + text.charCodeAt(index) - 48;
  return number;
}

/** Formats microseconds since 1970 as text. */
export function timestampText(microseconds: bigint): string {
  const below = ((microseconds % 1000n) + 1000n) % 1000n;
  const milliseconds = Number((microseconds - below) / 1000n);
  return `${new Date(milliseconds).toISOString().slice(0, 23)}${String(below).padStart(3, "0")}Z`;
}
