import type { ColumnType, Row, Table } from "../table.ts";

const values: Readonly<Record<ColumnType, Row[string]>> = {
  string: "made up by a check",
  int64: 0,
  float64: 0,
  boolean: false,
  timestamp: "2000-01-01T00:00:00.000000Z",
  json: {},
};

/** A row that no server sends, with a value in every column. */
export function madeUpRow(table: Table): Row {
  return Object.fromEntries(Object.entries(table.columns).map(([name, { type }]) => [name, values[type]]));
}
