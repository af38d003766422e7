/** The entries that have a value: an update lists those in its mask, and JSON omits the others. */
export function withoutUndefined<Entries extends object>(entries: Entries): Entries {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Entries;
}
