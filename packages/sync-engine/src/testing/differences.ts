import type { StoredValues, Table } from "@org/destination";

const SHOWN = 5;

/** How rows differ from the expected ones: a line for each cell, and for each missing or extra row, the first few. */
export function differences(
  { name, primaryKey, columns }: Table,
  expected: readonly StoredValues[],
  actual: readonly StoredValues[],
): readonly string[] {
  const keyOf = (row: StoredValues) => primaryKey.map((column) => text(row[column])).join(", ");
  const left = new Map(actual.map((row) => [keyOf(row), row]));
  const lines: string[] = [];
  for (const row of expected) {
    const key = keyOf(row);
    const found = left.get(key);
    left.delete(key);
    if (!found) lines.push(`${name}: ${key} is missing`);
    else {
      for (const column of Object.keys(columns)) {
        const [wanted, got] = [text(row[column]), text(found[column])];
        if (wanted !== got) lines.push(`${name}: ${key}: ${column} should be ${wanted}, and is ${got}`);
      }
    }
  }
  for (const key of left.keys()) lines.push(`${name}: ${key} should not be there`);
  return lines.length > SHOWN ? [...lines.slice(0, SHOWN), `and ${lines.length - SHOWN} more`] : lines;
}

function text(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner) =>
    typeof inner === "bigint"
      ? Number(inner)
      : inner && typeof inner === "object" && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
  );
}
