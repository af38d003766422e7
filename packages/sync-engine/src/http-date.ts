/**
 * Parses a `Date` header to ms since 1970. Returns undefined if it is not an HTTP date, names a day that does not exist,
 * or is before 1970.
 *
 * Accepts dates far from our own clock: we cannot tell which of the two is wrong, and using the earlier one only makes a
 * window longer (I6).
 */
export function parseHttpDate(text: string): number | undefined {
  const milliseconds = form.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse reads February 30 as March 2, so check that the date survives a round trip.
  const isReal = milliseconds >= 0 && new Date(milliseconds).toUTCString().slice(4) === text.slice(4);
  return isReal ? milliseconds : undefined;
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`. No current server sends either of the two obsolete forms. */
const form = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
