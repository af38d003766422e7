/** An object's members; none of anything else. */
export function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Whether a stream's state is what hosts leave of one that was cleared. */
export function isCleared(state: unknown): boolean {
  return state === undefined || state === null || JSON.stringify(state) === "{}";
}
