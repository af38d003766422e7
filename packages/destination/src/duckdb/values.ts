/** Maps our column types to DuckDB's, and the values of both. */

import type { DuckDBResult, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { parseJson } from "../exact-json.ts";
import type { Parameters } from "../sql/parameters.ts";
import type { StoredForm } from "../stored-form.ts";
import type { Column, StoredValues, Value } from "../table.ts";
import { timestampText } from "../timestamp.ts";
import type { Driver } from "./driver.ts";

/** The type in which a column's values are passed to the driver. */
export function driverType(driver: Driver, column: Pick<Column, "type">): DuckDBType {
  switch (column.type) {
    case "int64":
      return driver.BIGINT;
    case "float64":
      return driver.DOUBLE;
    case "boolean":
      return driver.BOOLEAN;
    case "timestamp":
      return driver.TIMESTAMPTZ;
    default:
      return driver.VARCHAR;
  }
}

/** Converts a checked value for the driver. */
export function driverValue(driver: Driver, column: Pick<Column, "type">, value: StoredForm): DuckDBValue {
  if (column.type !== "timestamp" || value === null) return value;
  return new driver.DuckDBTimestampTZValue(value as bigint);
}

/** Converts a statement's parameters for the driver. */
export function driverParameters(driver: Driver, parameters?: Parameters) {
  const values: DuckDBValue[] = [];
  const types: DuckDBType[] = [];
  for (const { column, value } of parameters?.all ?? []) {
    const type = driverType(driver, column);
    const isList = Array.isArray(value);
    values.push(
      isList
        ? driver.listValue(value.map((item) => driverValue(driver, column, item)))
        : driverValue(driver, column, value as StoredForm),
    );
    types.push(isList ? driver.LIST(type) : type);
  }
  return { values, types };
}

/** Reads a result chunk by chunk, so that DuckDB never holds all of it. Values are returned as they were written. */
export async function* readChunks(
  driver: Driver,
  result: DuckDBResult,
  signal?: AbortSignal,
): AsyncGenerator<StoredValues[]> {
  const names = result.deduplicatedColumnNames();
  const decoders = result.columnTypes().map((type) => decoder(driver, type));
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    signal?.throwIfAborted();
    const columns = chunk.getColumns();
    const rows: StoredValues[] = [];
    for (let index = 0; index < chunk.rowCount; index += 1) {
      const row: Record<string, Value> = {};
      for (let column = 0; column < names.length; column += 1) {
        const value = (columns[column] as DuckDBValue[])[index] as DuckDBValue;
        row[names[column] as string] = value === null ? null : (decoders[column] as Decoder)(value);
      }
      rows.push(row);
    }
    yield rows;
  }
  // To the driver, the result of an interrupted query is complete.
  signal?.throwIfAborted();
}

/** The whole result. */
export async function readRows(driver: Driver, result: DuckDBResult, signal?: AbortSignal): Promise<StoredValues[]> {
  const rows: StoredValues[] = [];
  for await (const chunk of readChunks(driver, result, signal)) for (const row of chunk) rows.push(row);
  return rows;
}

type Decoder = (value: NonNullable<DuckDBValue>) => Value;

function decoder(driver: Driver, type: DuckDBType): Decoder {
  const { DuckDBTypeId } = driver;
  switch (type.typeId) {
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UBIGINT:
      return (value) => integer(value as bigint);
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (value) => timestampText((value as { micros: bigint }).micros);
    case DuckDBTypeId.VARCHAR:
      return type.alias === "JSON" ? (value) => parseJson(value as string) : (value) => value as string;
    case DuckDBTypeId.DECIMAL:
      return (value) => (value as { toDouble(): number }).toDouble();
    default:
      return (value) => (typeof value === "object" ? String(value) : (value as Value));
  }
}

function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
