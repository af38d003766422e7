import type { StoredPipeline, Table } from "@org/destination";
import type { ExportPosition } from "@org/destination/export";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import type { StreamState } from "../stored-state.ts";
import { type KnownTable, knownTable } from "../transfer/known-tables.ts";

/**
 * The tables to export, with the columns that they have in the destination.
 *
 * @param pipeline whose tables; undefined for those of all
 * @param names as they are there, or without their prefix, or those of their streams; undefined for all
 * @throws UsageError for a name that no table has
 */
export function tablesToExport(
  place: string,
  pipelines: readonly StoredPipeline[],
  pipeline: string | undefined,
  names: readonly string[] | undefined,
): readonly Table[] {
  const stored = pipelines.filter((each) => pipeline === undefined || each.pipeline === pipeline);
  const all = stored.flatMap(({ tables }) => tables.map((table) => ({ ...knownTable(table), columns: table.columns })));
  if (all.length === 0) {
    const whose = pipeline === undefined ? "" : ` of the pipeline ${pipeline}`;
    throw new UsageError(`${place} holds no table${whose}: sync something into it first.`);
  }
  const chosen = names === undefined ? all : names.flatMap((name) => named(place, name, all));
  return [...new Set(chosen)].map(({ stored: table, columns }) => ({
    ...table,
    columns: Object.fromEntries(Object.entries(table.columns).filter(([name]) => columns.includes(name))),
    ...(table.datedBy && { datedBy: table.datedBy.filter((name) => columns.includes(name)) }),
  }));
}

type Found = KnownTable & { readonly columns: readonly string[] };

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

/** How far the streams are whose tables are exported. */
export function positionsOf(streams: readonly StreamState[], tables: readonly Table[]): readonly ExportPosition[] {
  return streams
    .filter(({ table }) => tables.some(({ name }) => name === table))
    .map(({ pipeline, stream, position, committedAt }) => ({ pipeline, stream, position, committedAt }));
}
