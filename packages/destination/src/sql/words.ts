/** A thrown value's message as a clause: without a full stop at its end. */
export function clauseOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.trim().replace(/[.!?]$/, "");
}
