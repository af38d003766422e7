/**
 * When a server says that it answered, ms since 1970, or undefined for what cannot be the time of an answer: text that is
 * no date as HTTP writes them, a day that does not exist, a year before 1970.
 *
 * A date far from our own clock is no reason to refuse it: which of the two is wrong nobody knows, and the earlier one
 * only makes a window longer (I6).
 *
 * @param text a `Date` header
 */
export function parseHttpDate(text: string): number | undefined {
  const milliseconds = form.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes February 30 for March 2; written again, such a day is another.
  const isReal = milliseconds >= 0 && new Date(milliseconds).toUTCString().slice(4) === text.slice(4);
  return isReal ? milliseconds : undefined;
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`. The two older forms, one without a century, come from no server of this century. */
const form = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
