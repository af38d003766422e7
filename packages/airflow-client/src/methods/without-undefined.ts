/** The entries that have a value: an update names those in its mask, and JSON leaves the others out. */
export function withoutUndefined<Entries extends object>(entries: Entries): Entries {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Entries;
}
