export { type DeclaredTable, declaredTable } from "./declared-table.ts";
export { defineTable } from "./define-table.ts";
export type {
  Batch,
  CommitResult,
  Destination,
  DestinationCapabilities,
  DestinationNotice,
  OpenOptions,
  Session,
  State,
  StoredPipeline,
  StoredStream,
  StoredTable,
  UniteTablesOptions,
} from "./destination.ts";
export { DestinationError, type DestinationErrorCode, type FailureType, type UnfitRow } from "./errors.ts";
export { needsExactNumbers, parseJson, plainNumber } from "./exact-json.ts";
export type { Condition, Scope } from "./scope.ts";
export type {
  CopyOptions,
  Dumped,
  DumpOptions,
  QueryOptions,
  ReadOptions,
  SqlParameter,
  SqlReader,
} from "./sql-reader.ts";
export type { Driver, StoredRow } from "./stored-row.ts";
export {
  type Column,
  type ColumnName,
  type Columns,
  type ColumnType,
  type ColumnValue,
  type Json,
  type Key,
  type Row,
  type StoredValues,
  systemColumns,
  type Table,
  type Value,
} from "./table.ts";
export { rowId } from "./unfit-rows.ts";
export { withTablePrefix } from "./with-table-prefix.ts";
export { withoutColumns } from "./without-columns.ts";
