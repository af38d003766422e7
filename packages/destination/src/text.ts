/**
 * A text without NUL characters, U+FFFD in their place: PostgreSQL cannot store them, and of what SQLite stores many
 * programs show only what stands before the first.
 */
export function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}
