/**
 * Controls other than line breaks and tabs, line separators, lone surrogates, and zero-width characters: direction
 * marks, and joiners and selectors without effect.
 */
const unseen =
  /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufff9-\ufffb]|(?![\ufe00-\ufe0f\u200c\u200d])\p{Default_Ignorable_Code_Point}|(?<![^\0-\x7f]|[0-9#*])[\ufe00-\ufe0f\u200c\u200d]/gu;

/** Escapes invisible characters that have an effect. The escapes are JSON's, so that JSON keeps its meaning. */
export function visible(text: string): string {
  // Most text has none, and large exports pass through here.
  if (!/[^\n\t -~]/.test(text)) return text;
  return text.replace(unseen, (found) =>
    Array.from(
      { length: found.length },
      (_, unit) => `\\u${found.charCodeAt(unit).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}
