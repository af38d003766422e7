/** Scopes as SQL. */
import type { DuckDBValue } from "@duckdb/node-api";
import { DestinationError } from "../errors.ts";
import type { Condition, Scope } from "../scope.ts";
import { storedForm } from "../stored-form.ts";
import type { Column, Table, Value } from "../table.ts";
import type { Driver } from "./driver.ts";
import { type Parameters, quoted } from "./sql.ts";
import { driverType, driverValue } from "./values.ts";

/** Up to here a list is written out, and DuckDB skips blocks by it; longer ones become a join. */
const writtenOut = 50;

/**
 * The condition of the rows that lie in any of the scopes.
 *
 * A batch may carry thousands of scopes that each fix the same few columns to one value (one for each task instance,
 * say). Those become one join instead of thousands of conditions.
 */
export function scopesSql(driver: Driver, table: Table, scopes: readonly Scope[], parameters: Parameters): string {
  const alternatives: string[] = [];
  const points = new Map<string, { columns: readonly string[]; values: Value[][] }>();
  for (const scope of scopes) {
    const conditions = Object.entries(scope).filter((entry): entry is [string, Condition] => entry[1] !== undefined);
    for (const [column] of conditions) checkColumn(table, column);
    const point = conditions.map(([, condition]) => onlyValue(condition));
    if (scopes.length === 1 || point.length === 0 || point.includes(undefined)) {
      alternatives.push(
        conditions
          .map(([column, condition]) => conditionSql(driver, table, column, condition, parameters))
          .join(" AND ") || "true",
      );
      continue;
    }
    const columns = conditions.map(([column]) => column);
    const shape = JSON.stringify(columns);
    const group = points.get(shape) ?? { columns, values: columns.map(() => []) };
    points.set(shape, group);
    point.forEach((value, index) => void group.values[index]?.push(value as Value));
  }
  for (const { columns, values } of points.values()) {
    const lists = columns.map((column, index) => list(driver, table, column, values[index] ?? [], parameters));
    alternatives.push(
      `(${columns.map(quoted).join(", ")}) IN (SELECT ${lists.map((each) => `unnest(${each})`).join(", ")})`,
    );
  }
  return alternatives.map((each) => `(${each})`).join(" OR ") || "false";
}

function onlyValue(condition: Condition): Value | undefined {
  if (!("in" in condition) || condition.in.length !== 1) return undefined;
  return condition.in[0] ?? undefined;
}

function conditionSql(
  driver: Driver,
  table: Table,
  column: string,
  condition: Condition,
  parameters: Parameters,
): string {
  const name = quoted(column);
  const type = driverType(driver, table.columns[column] as Column);
  if ("in" in condition) {
    const values = condition.in.filter((value) => value !== null);
    const parts: string[] = values.length < condition.in.length ? [`${name} IS NULL`] : [];
    if (values.length > writtenOut) {
      parts.push(`${name} IN (SELECT unnest(${list(driver, table, column, values, parameters)}))`);
    } else if (values.length > 0) {
      const each = values.map((value) => parameters.add(toDriver(driver, table, column, value), type));
      parts.push(`${name} IN (${each.join(", ")})`);
    }
    return `(${parts.join(" OR ") || "false"})`;
  }
  const bounds = [
    ["gte", ">="],
    ["lt", "<"],
  ] as const;
  const parts = bounds.flatMap(([bound, operator]) => {
    const value = condition[bound];
    return value === undefined
      ? []
      : [`${name} ${operator} ${parameters.add(toDriver(driver, table, column, value), type)}`];
  });
  return parts.join(" AND ") || `${name} IS NOT NULL`;
}

/** Values of a column as one parameter. */
export function list(
  driver: Driver,
  table: Table,
  column: string,
  values: readonly unknown[],
  parameters: Parameters,
): string {
  const items = values.map((value) => toDriver(driver, table, column, value));
  const type = driver.LIST(driverType(driver, table.columns[column] as Column));
  return parameters.add(driver.listValue(items), type);
}

function toDriver(driver: Driver, table: Table, column: string, value: unknown): DuckDBValue {
  const definition = table.columns[column] as Column;
  try {
    return driverValue(driver, definition, storedForm({ ...definition, nullable: false }, value));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new DestinationError("FAILED", `Table ${table.name}: a scope or key names column ${column} with ${reason}.`, {
      cause,
    });
  }
}

/** @throws DestinationError for a column that the table does not have */
export function checkColumn(table: Table, column: string): void {
  if (Object.hasOwn(table.columns, column)) return;
  throw new DestinationError(
    "FAILED",
    `Table ${table.name} has no column ${column}. It has: ${Object.keys(table.columns).join(", ")}.`,
  );
}
