/**
 * Translates a regular expression of Python's `re`, case-insensitive: named groups, leading flags, `\A` and `\Z`.
 *
 * @returns undefined if it is invalid or not supported
 */
export function patternOf(text: string): RegExp | undefined {
  const [, flags = "", rest = ""] = /^(?:\(\?([aiLmsux]+)\))?(.*)$/s.exec(text) ?? [];
  // JavaScript has no verbose mode.
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
