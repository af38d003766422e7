/**
 * The export format, as JSON lines: a header, each table followed by its rows, the states, and an end marker. The states
 * come last and only count if the end marker follows, so a truncated file never claims rows that it lacks.
 */
import type { Column, Json, StoredValues, Table, Value } from "@org/destination";
import { needsExactNumbers, parseJson, plainNumber, systemColumns } from "@org/destination";
import { type Shape, shapes } from "../shape.ts";

/** The format's version. A release that changes it increments it. */
export const FORMAT = 1;

/** A line. A row belongs to the table before it, with values in the order of its columns. */
export type Line =
  | { readonly type: "export"; readonly format: number; readonly pipeline: string; readonly exportedAt: string }
  | { readonly type: "table"; readonly table: Omit<Table, "datedBy"> }
  | { readonly type: "row"; readonly row: readonly unknown[] }
  | StateLine
  | { readonly type: "end"; readonly rows: number };

/** A stream's state, and the names of its tables. */
export interface StateLine {
  readonly type: "state";
  readonly stream: string;
  readonly tables: readonly string[];
  readonly version: number;
  readonly value: Json;
}

const { text, number, boolean, list, object, optional } = shapes;
const present: Shape = (value) => (value === undefined ? { path: "", wanted: "a value", found: value } : undefined);
const types: readonly unknown[] = ["string", "int64", "float64", "boolean", "timestamp", "json"];
const columnType: Shape = (value) =>
  types.includes(value) ? undefined : { path: "", wanted: "a type of column", found: value };
const column = object({ type: columnType, nullable: optional(boolean), description: text });
/** An object whose values are all columns. */
const columns: Shape = (value) => {
  const misfit = object({})(value);
  if (misfit) return misfit;
  const names = Object.keys(value as object);
  return object(Object.fromEntries(names.map((name) => [name, column])))(value);
};

const lineShapes: Readonly<Record<string, Shape>> = {
  export: object({ format: number, pipeline: text, exportedAt: text }),
  table: object({ table: object({ name: text, description: text, primaryKey: list(text), columns }) }),
  row: object({ row: list(present) }),
  state: object({ stream: text, tables: list(text), version: number, value: present }),
  end: object({ rows: number }),
};

/** The columns of a row's values, in order: the table's own, then the system columns. */
function columnsOf(table: Pick<Table, "columns">): [name: string, type: string][] {
  return Object.entries<Column>({ ...table.columns, ...systemColumns }).map(([name, { type }]) => [name, type]);
}

/** Formats any line except a row. */
export function lineText(line: Exclude<Line, { type: "row" }>): string {
  return `${JSON.stringify(line)}\n`;
}

/** Formats a row. Integers too large for a JSON number become text. */
export function rowLine(table: Pick<Table, "columns">, row: StoredValues): string {
  const values = columnsOf(table).map(([name]) => {
    const value = row[name] ?? null;
    return typeof value === "bigint" ? String(value) : value;
  });
  return `${JSON.stringify({ type: "row", row: values })}\n`;
}

/**
 * Parses a line of an export. Numbers in JSON columns keep their exact text.
 *
 * @throws SyntaxError or TypeError for anything else
 */
export function parseLine(text: string): Line {
  const line: Line | null = JSON.parse(text);
  const type = String(line?.type);
  const shape = Object.hasOwn(lineShapes, type) ? lineShapes[type] : undefined;
  if (!line || !shape || shape(line)) throw new TypeError("not a line of an export");
  if (line.type !== "row" || !needsExactNumbers(line.row, text)) return line;
  return { ...line, row: (parseJson(text) as { readonly row: unknown[] }).row };
}

/** Builds a row from a line's values. */
export function rowOf(table: Pick<Table, "columns">, values: readonly unknown[]): StoredValues {
  const entries = columnsOf(table).map(([name, type], index): [string, Value] => {
    const given = values[index] as Value;
    const value = type === "json" ? given : (plainNumber(given as Json) as Value);
    return [name, type === "int64" && typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : value];
  });
  return Object.fromEntries(entries);
}
