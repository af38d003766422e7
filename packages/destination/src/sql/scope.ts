/** Scopes as SQL conditions. */
import { DestinationError } from "../errors.ts";
import type { Condition, Scope } from "../scope.ts";
import { isHoldableText, type StoredForm, storedForm } from "../stored-form.ts";
import type { Column, StoredValues, Table, Value } from "../table.ts";
import type { Dialect } from "./database.ts";
import { quoted } from "./names.ts";
import type { Parameters } from "./parameters.ts";

/**
 * Up to this length a list is written inline, so that databases can skip blocks or use an index. Longer ones become a
 * join.
 */
const writtenOut = 50;

/** A scope, or many scopes that each fix the same columns to one value, which become one join. */
export type ScopePart = Scope | { readonly columns: readonly string[]; readonly values: readonly Value[][] };

/**
 * Merges scopes into as few parts as possible. A batch may contain thousands that each fix the same few columns to one
 * value (one per task instance, say): those become one part, instead of thousands of conditions.
 */
export function scopeParts(scopes: readonly Scope[]): ScopePart[] {
  if (scopes.length === 1) return [...scopes];
  const parts: ScopePart[] = [];
  const points = new Map<string, { columns: readonly string[]; values: Value[][] }>();
  for (const scope of scopes) {
    const conditions = conditionsOf(scope);
    const point = conditions.map(([, condition]) => onlyValue(condition));
    if (point.length === 0 || point.includes(undefined)) {
      parts.push(scope);
      continue;
    }
    const columns = conditions.map(([column]) => column);
    const shape = JSON.stringify(columns);
    const group = points.get(shape) ?? { columns, values: columns.map(() => []) };
    points.set(shape, group);
    point.forEach((value, index) => void group.values[index]?.push(value as Value));
  }
  return [...parts, ...points.values()];
}

/** The condition for rows in a part. */
export function partSql(dialect: Dialect, table: Table, part: ScopePart, parameters: Parameters): string {
  if (isPoints(part)) return tuplesSql(dialect, table, part.columns, part.values, parameters);
  const conditions = conditionsOf(part).map(([column, condition]) =>
    conditionSql(dialect, table, column, condition, parameters),
  );
  return conditions.length > 0 ? `(${conditions.join(" AND ")})` : "(true)";
}

/** The condition for rows in any of the scopes. */
export function scopesSql(dialect: Dialect, table: Table, scopes: readonly Scope[], parameters: Parameters): string {
  return scopeParts(scopes)
    .map((part) => partSql(dialect, table, part, parameters))
    .join(" OR ");
}

/**
 * The condition for rows that have these values together. Texts that the database cannot hold are in no row.
 *
 * @param values a list for each column
 */
function tuplesSql(
  dialect: Dialect,
  table: Table,
  columns: readonly string[],
  values: readonly (readonly unknown[])[],
  parameters: Parameters,
): string {
  const count = values[0]?.length ?? 0;
  const isHoldable = (row: number) => values.every((list) => isHoldableText(list[row], dialect.lacks));
  const holdable = Array.from({ length: count }, (_, row) => row).filter(isHoldable);
  const lists = columns.map((name, index) => {
    const column = columnOf(table, name);
    const items = holdable.map((row) => checked(table, name, values[index]?.[row]));
    return { placeholder: parameters.add(column, items), column };
  });
  return `((${columns.map(quoted).join(", ")}) IN (${dialect.unfold(lists)}))`;
}

/** The condition for rows with these primary keys. */
export function keysSql(dialect: Dialect, table: Table, keys: readonly StoredValues[], parameters: Parameters): string {
  const values = table.primaryKey.map((name) => keys.map((key) => key[name]));
  return tuplesSql(dialect, table, table.primaryKey, values, parameters);
}

function conditionSql(
  dialect: Dialect,
  table: Table,
  column: string,
  condition: Condition,
  parameters: Parameters,
): string {
  const name = quoted(column);
  const definition = columnOf(table, column);
  const value = (given: unknown) => parameters.add(definition, checked(table, column, given));
  if ("in" in condition) {
    const values = condition.in.filter((each) => each !== null && isHoldableText(each, dialect.lacks));
    const parts: string[] = condition.in.includes(null) ? [`${name} IS NULL`] : [];
    if (values.length > writtenOut) parts.push(tuplesSql(dialect, table, [column], [values], parameters));
    else if (values.length > 0) parts.push(`${name} IN (${values.map(value).join(", ")})`);
    return `(${parts.join(" OR ") || "false"})`;
  }
  const compared = definition.type === "string" ? `${name}${dialect.byteOrder ?? ""}` : name;
  const parts: string[] = [];
  if (condition.gte !== undefined) parts.push(`${compared} >= ${value(condition.gte)}`);
  if (condition.lt !== undefined) parts.push(`${compared} < ${value(condition.lt)}`);
  return parts.join(" AND ") || `${name} IS NOT NULL`;
}

function isPoints(part: ScopePart): part is Exclude<ScopePart, Scope> {
  return Array.isArray(part.columns);
}

function conditionsOf(scope: Scope): [string, Condition][] {
  return Object.entries(scope).filter((entry): entry is [string, Condition] => entry[1] !== undefined);
}

function onlyValue(condition: Condition): Value | undefined {
  if (!("in" in condition) || condition.in.length !== 1) return undefined;
  return condition.in[0] ?? undefined;
}

/** @throws DestinationError for a value that its column cannot hold */
export function checked(table: Table, column: string, value: unknown): StoredForm {
  try {
    return storedForm({ ...columnOf(table, column), nullable: false }, value);
  } catch (cause) {
    if (cause instanceof DestinationError) throw cause;
    const reason = (cause as Error).message;
    throw new DestinationError("FAILED", `Table ${table.name}: a scope or key names column ${column} with ${reason}.`, {
      cause,
    });
  }
}

/** @throws DestinationError for a column that the table does not have */
export function columnOf(table: Table, column: string): Column {
  if (Object.hasOwn(table.columns, column)) return table.columns[column] as Column;
  throw new DestinationError(
    "FAILED",
    `Table ${table.name} has no column ${column}. It has: ${Object.keys(table.columns).join(", ")}.`,
  );
}
