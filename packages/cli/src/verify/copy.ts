import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline as piped } from "node:stream/promises";
import { copyDuckdb, duckdb } from "@org/destination/duckdb";
import type { Pipeline } from "../pipeline.ts";

/**
 * Brings what a pipeline has into a new DuckDB file, its tables by their own names. A DuckDB file is copied as it is;
 * others are exported, while no sync of the pipeline can run.
 */
export async function copyPipeline(
  { name, place, prefix }: Pick<Pipeline, "name" | "place" | "prefix">,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  if (place.duckdbFile !== undefined && prefix === undefined) return copyDuckdb(place.duckdbFile, file);
  const { exportPipeline } = await import("../transfer/export.ts");
  const { importPipeline } = await import("../transfer/import.ts");
  const exported = `${file}.ndjson`;
  const text = Readable.from(exportPipeline(place.destination, { pipeline: name, signal }));
  await piped(text, createWriteStream(exported), ...(signal ? [{ signal }] : []));
  await importPipeline(exported, duckdb(file), { signal });
  await rm(exported);
}
