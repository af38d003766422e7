/** Rows and tables as hosts read them: JSON objects, and JSON Schemas. */
import { type Column, systemColumns, type Table } from "@org/destination";
import { type StoredForm, timestampText, withoutNul } from "@org/destination/adapter";

/** A row's values in the order of its table's columns, and when it was read, in microseconds since 1970. */
export interface RecordRow {
  readonly forms: readonly StoredForm[];
  readonly syncedAt: bigint;
  /** Whether the server no longer has it. */
  readonly isDeleted: boolean;
}

/** Writes rows of a table as JSON text. @param selected the columns to write; keys are written anyway */
export function recordWriter(table: Table, selected: ReadonlySet<string>): (row: RecordRow) => string {
  const isWritten = (name: string) => selected.has(name) || table.primaryKey.includes(name);
  const columns = Object.entries<Column>(table.columns).map(([name, { type }], index) => ({ name, type, index }));
  const written = columns.filter(({ name }) => isWritten(name));
  return ({ forms, syncedAt, isDeleted }) => {
    const at = JSON.stringify(timestampText(syncedAt));
    const members = written.map(({ name, type, index }) => `"${name}":${jsonOf(type, forms[index] ?? null)}`);
    if (isWritten("_synced_at")) members.push(`"_synced_at":${at}`);
    if (isWritten("_deleted_at")) members.push(`"_deleted_at":${isDeleted ? at : "null"}`);
    return `{${members.join(",")}}`;
  };
}

/**
 * Integers keep all digits. JSON stays text: whatever reads it cannot lose a digit of a number or an order of keys, and
 * it may be a list or a number where hosts expect objects.
 */
function jsonOf(type: Column["type"], form: StoredForm): string {
  if (form === null) return "null";
  if (type === "timestamp") return JSON.stringify(timestampText(form as bigint));
  return typeof form === "string" ? JSON.stringify(withoutNul(form)) : String(form);
}

/** A column as hosts see it. */
export interface HostColumn extends Column {
  readonly name: string;
}

/** All columns of a table as hosts get it. */
export function hostColumns(table: Table): readonly HostColumn[] {
  const read = { ...systemColumns._synced_at, description: "When this version of the row was read, ever later." };
  const columns = { ...table.columns, _synced_at: read, _deleted_at: systemColumns._deleted_at };
  return Object.entries<Column>(columns).map(([name, column]) => ({ name, ...column }));
}

const jsonTypes = {
  string: "string",
  int64: "integer",
  float64: "number",
  boolean: "boolean",
  timestamp: "string",
  json: "string",
} as const;

/** The JSON Schema of one column. */
export function columnSchema({ type, nullable = false, description }: Column): Record<string, unknown> {
  return {
    type: nullable ? ["null", jsonTypes[type]] : [jsonTypes[type]],
    ...(type === "timestamp" && { format: "date-time" }),
    ...(type === "json" && { contentMediaType: "application/json" }),
    description,
  };
}
