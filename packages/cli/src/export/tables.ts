import {
  type DeclaredTable,
  type Destination,
  declaredTable,
  type StoredPipeline,
  type StoredTable,
  type Table,
} from "@org/destination";
import type { ExportPosition } from "@org/destination/export";
import type { StreamState } from "@org/sync-engine";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { syncedTables } from "../sources.ts";

/**
 * The tables to export, with their columns in the destination.
 *
 * @param pipeline only its tables; undefined for all
 * @param names their stored names, names without prefix, or streams; undefined for all
 * @throws UsageError for an unknown name
 */
export function tablesToExport(
  destination: Destination,
  pipelines: readonly StoredPipeline[],
  pipeline: string | undefined,
  names: readonly string[] | undefined,
): readonly Table[] {
  const stored = pipelines.filter((each) => pipeline === undefined || each.pipeline === pipeline);
  const all = stored.flatMap(({ tables }) => tables.map((table) => known(destination, table)));
  const place = destination.name;
  if (all.length === 0) {
    const whose = pipeline === undefined ? "" : ` of the pipeline ${pipeline}`;
    throw new UsageError(`${place} has no table${whose}: sync into it first.`);
  }
  const chosen = names === undefined ? all : names.flatMap((name) => named(place, name, all));
  return [...new Set(chosen)].map(({ stored: table, columns }) => ({
    ...table,
    columns: Object.fromEntries(Object.entries(table.columns).filter(([name]) => columns.includes(name))),
    ...(table.datedBy && { datedBy: table.datedBy.filter((name) => columns.includes(name)) }),
  }));
}

type Found = DeclaredTable & Pick<StoredTable, "columns">;

function known(destination: Destination, table: StoredTable): Found {
  const declared = declaredTable(destination, table, syncedTables);
  if (!declared) throw new UsageError(`This release knows no table like ${table.name}, so it cannot move it.`);
  return { ...declared, columns: table.columns };
}

function named(place: string, name: string, all: readonly Found[]): readonly Found[] {
  const exact = all.filter(({ stored }) => stored.name === name);
  if (exact.length > 0) return exact;
  const found = all.filter((each) => each.name === name || each.name.replace(/^(?:airflow|dagster)_/, "") === name);
  if (found.length > 0) return found;
  const known = all.map(({ stored }) => stored.name);
  throw new UsageError(
    `--tables: ${place} has no such table.${didYouMean(name, known) || ` It has: ${known.join(", ")}.`}`,
  );
}

/** The positions of the streams whose tables are exported. */
export function positionsOf(streams: readonly StreamState[], tables: readonly Table[]): readonly ExportPosition[] {
  return streams
    .filter(({ table }) => tables.some(({ name }) => name === table))
    .map(({ pipeline, stream, position, committedAt }) => ({ pipeline, stream, position, committedAt }));
}
