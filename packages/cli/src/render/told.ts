/** How long one thing that is told may be, in characters: some servers answer with megabytes. */
const LONGEST = 2000;

/** And all that is told at once. */
const LONGEST_TEXT = 20_000;

/** What somebody else said, as a line of ours: nothing in it can pass for another line. */
export function told(text: string): string {
  return cut(text.replace(/\s*[\n\r\v\f\u0085\u2028\u2029]\s*/g, " ").trim(), LONGEST);
}

/** Text of several lines, shortened where it is too long to be read. */
export function shortened(text: string): string {
  return cut(text, LONGEST_TEXT);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).toWellFormed()}… (${text.length - length} more characters)`;
}
