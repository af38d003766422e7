/** What was thrown, as a clause: without the dot at its end. */
export function clauseOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.trim().replace(/[.!?]$/, "");
}
