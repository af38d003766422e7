/**
 * A regular expression as Python's `re` reads it, without regard to case: named groups, flags at its beginning, and the
 * ends of the text.
 *
 * @returns undefined where it is none that we know
 */
export function patternOf(text: string): RegExp | undefined {
  const [, flags = "", rest = ""] = /^(?:\(\?([aiLmsux]+)\))?(.*)$/s.exec(text) ?? [];
  // Comments and blanks within it are Python's alone.
  if (flags.includes("x")) return undefined;
  const source = rest
    .replaceAll("(?P<", "(?<")
    .replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replace(/(?<!\\)((?:\\\\)*)\\A/g, "$1(?<![^])")
    .replace(/(?<!\\)((?:\\\\)*)\\Z/g, "$1(?![^])");
  try {
    return new RegExp(source, `i${flags.includes("m") ? "m" : ""}${flags.includes("s") ? "s" : ""}`);
  } catch {
    return undefined;
  }
}
