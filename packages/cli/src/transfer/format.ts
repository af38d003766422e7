/**
 * An exported pipeline as lines of JSON: a head, then each table followed by its rows, then the states, then an end. The
 * states come last, and only an end makes them count, so that a file that is cut off never claims rows that it lacks.
 */
import type { Json, StoredValues, Table, Value } from "@org/destination";
import { needsExactNumbers, parseJson, plainNumber, systemColumns } from "@org/destination";
import * as z from "zod";

/** The format. A release that changes it counts it up. */
export const FORMAT = 1;

const json = z.json() as z.ZodType<Json>;
const columns = z.record(
  z.string(),
  z.object({
    type: z.enum(["string", "int64", "float64", "boolean", "timestamp", "json"]),
    nullable: z.boolean().optional(),
    default: z.union([z.string(), z.number(), z.boolean()]).optional(),
    description: z.string(),
  }),
);

/** A line, told apart by `type`. A row belongs to the table before it; its values are in the order of the columns. */
const lineSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("export"), format: z.number(), pipeline: z.string(), exportedAt: z.string() }),
  z.object({
    type: z.literal("table"),
    table: z.object({
      name: z.string(),
      description: z.string(),
      primaryKey: z.array(z.string()),
      columns,
    }),
  }),
  z.object({ type: z.literal("row"), row: z.array(z.unknown()) }),
  z.object({
    type: z.literal("state"),
    stream: z.string(),
    tables: z.array(z.string()).min(1),
    version: z.number(),
    value: json,
  }),
  z.object({ type: z.literal("end"), rows: z.number() }),
]);

export type Line = z.output<typeof lineSchema>;

/** The columns of a row's values: the table's own, then when it changed and when it was deleted. */
function columnsOf(table: Table): [name: string, type: string][] {
  return Object.entries({ ...table.columns, ...systemColumns }).map(([name, { type }]) => [name, type]);
}

/** A row as its line. Integers that a number would round are text. */
export function rowLine(table: Table, row: StoredValues): string {
  const values = columnsOf(table).map(([name]) => {
    const value = row[name] ?? null;
    return typeof value === "bigint" ? String(value) : value;
  });
  return JSON.stringify({ type: "row", row: values });
}

/** A line of an export. What JSON columns hold keeps its numbers as they are written. */
export function parseLine(text: string): Line {
  const line = lineSchema.parse(JSON.parse(text));
  if (line.type !== "row" || !needsExactNumbers(line.row, text)) return line;
  return { ...line, row: (parseJson(text) as { readonly row: unknown[] }).row };
}

/** A row of its line's values. */
export function rowOf(table: Table, values: readonly unknown[]): StoredValues {
  const entries = columnsOf(table).map(([name, type], index): [string, Value] => {
    const given = values[index] as Value;
    const value = type === "json" ? given : (plainNumber(given as Json) as Value);
    return [name, type === "int64" && typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : value];
  });
  return Object.fromEntries(entries);
}
