/** Differences between two texts, as `diff -u` writes them. */

const CONTEXT = 3;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/**
 * @param names of the text before and after, for the first two lines
 * @returns nothing if they are equal
 */
export function unifiedDiff(before: string, after: string, names: readonly [before: string, after: string]): string {
  const lines = compare(linesOf(before), linesOf(after));
  const changed = lines.flatMap(({ sign }, index) => (sign === " " ? [] : [index]));
  if (changed.length === 0) return "";
  const hunks: { from: number; to: number }[] = [];
  for (const index of changed) {
    const last = hunks.at(-1);
    const to = Math.min(lines.length, index + CONTEXT + 1);
    if (last && index - CONTEXT <= last.to) last.to = to;
    else hunks.push({ from: Math.max(0, index - CONTEXT), to });
  }
  const text = hunks.map(({ from, to }) => hunkText(lines, from, to)).join("");
  return `--- ${names[0]}\n+++ ${names[1]}\n${text}`;
}

/** Each with its end, so that a missing one at the end of the text is a difference. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function hunkText(lines: readonly Line[], from: number, to: number): string {
  const count = (part: readonly Line[], sign: "-" | "+") =>
    part.filter((line) => line.sign === " " || line.sign === sign).length;
  const range = (sign: "-" | "+") => {
    const length = count(lines.slice(from, to), sign);
    // As diff has it: an empty range stands after the line that it names.
    return `${count(lines.slice(0, from), sign) + (length === 0 ? 0 : 1)},${length}`;
  };
  const body = lines
    .slice(from, to)
    .map(({ sign, text }) => `${sign}${text.endsWith("\n") ? text : `${text}\n\\ No newline at end of file\n`}`);
  return `@@ -${range("-")} +${range("+")} @@\n${body.join("")}`;
}

/** By their longest common subsequence, between what both begin and end with. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < Math.min(before.length, after.length) - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const same = (text: string): Line => ({ sign: " ", text });
  return [...before.slice(0, start).map(same), ...walk(a, b), ...before.slice(before.length - end).map(same)];
}

function walk(a: readonly string[], b: readonly string[]): Line[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i]![j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i]! });
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      lines.push({ sign: "-", text: a[i]! });
      i += 1;
    } else {
      lines.push({ sign: "+", text: b[j]! });
      j += 1;
    }
  }
  return lines;
}
