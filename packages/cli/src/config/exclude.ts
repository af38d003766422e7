import type { Source } from "@org/sync-engine";
import { didYouMean } from "../nearest.ts";

/**
 * The excluded columns by table.
 *
 * @param entries `conf` for a column of any table, `dag_runs.conf` for one stream's
 * @param refuse throws, given the entry and the reason
 */
export function excludedColumns(
  { streams }: Pick<Source, "streams">,
  entries: readonly string[],
  refuse: (index: number, reason: string) => never,
): Record<string, string[]> {
  const excluded: Record<string, string[]> = {};
  for (const [index, entry] of entries.entries()) {
    const [column = "", stream] = entry.split(".").reverse();
    const having = streams.filter(
      ({ name, table }) => (stream === undefined || name === stream) && Object.hasOwn(table.columns, column),
    );
    if (having.length === 0) {
      const known = streams.flatMap(({ name, table }) =>
        Object.keys(table.columns).map((each) => (stream === undefined ? each : `${name}.${each}`)),
      );
      refuse(index, `names a column that no table has.${didYouMean(entry, known)} dagsync discover lists them.`);
    }
    for (const { table, needs = [] } of having) {
      if (table.primaryKey.includes(column)) {
        refuse(index, `names a column that is part of the primary key of ${table.name}, and cannot be left out.`);
      }
      if (needs.includes(column)) {
        refuse(
          index,
          `names a column of ${table.name} that the sync needs to find what changed: it cannot be left out.`,
        );
      }
      excluded[table.name] = [...new Set([...(excluded[table.name] ?? []), column])];
    }
  }
  return excluded;
}
