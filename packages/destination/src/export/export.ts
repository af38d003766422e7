import type { Destination } from "../destination.ts";
import { loadDriver } from "../duckdb/driver.ts";
import { DestinationError } from "../errors.ts";
import { releaseHolder } from "../holder.ts";
import { claim, unfinishedIn } from "./claim.ts";
import { compressions, exportFormats } from "./formats.ts";
import type { ExportManifest, ExportRequest } from "./manifest.ts";
import type { ExportOptions, ExportOrigin } from "./options.ts";
import { openPlace } from "./place.ts";
import { Run } from "./run.ts";
import { checkWindow } from "./window.ts";

/**
 * Writes tables to files, and finally a manifest of their contents. Only what a manifest names was exported: everything
 * that it names is complete, and an interrupted export has none. Running the same export again then continues with the
 * files that were not written yet, or whose rows have changed since.
 *
 * Each table is as of one moment, at or after the positions. The rows have no order.
 *
 * @throws DestinationError of the destination and of the location
 * @example await exportTables(duckdb("orchestration.duckdb"), { into: "backups", tables: [dagRunsTable], format: "csv"
 * });
 */
export async function exportTables(destination: Destination, options: ExportOptions): Promise<ExportManifest> {
  const request = requestOf(destination, options);
  await loadDriver("An export");
  options.signal?.throwIfAborted();
  const place = await openPlace(options.into, options.s3);
  try {
    await place.prepare();
    const others = await unfinishedIn(place);
    const own = await claim(place, request);
    try {
      return await new Run({
        origins: originsOf(destination, options),
        options,
        request,
        place,
        own,
        others,
      }).carryOut();
    } finally {
      releaseHolder(own.holder);
    }
  } finally {
    place.close();
  }
}

const originsOf = (destination: Destination, { tables, beside = [] }: ExportOptions): readonly ExportOrigin[] => [
  { destination, tables },
  ...beside,
];

function requestOf(destination: Destination, options: ExportOptions): ExportRequest {
  const { format = "parquet", window = {}, changedSince, layout = "date", safeCsv = false } = options;
  const tables = originsOf(destination, options).flatMap((origin) => origin.tables);
  const refuse = (reason: string) => {
    throw new DestinationError("FAILED", `Cannot export: ${reason}.`);
  };
  if (!exportFormats.includes(format)) refuse(`format is ${format}. Write one of ${exportFormats.join(", ")}`);
  const compression = options.compression ?? compressions[format][0]!;
  if (!compressions[format].includes(compression)) {
    refuse(`${format} is compressed with ${compressions[format].join(" or ")}`);
  }
  if (tables.length === 0) refuse("no tables were given");
  const twice = tables.find(({ name }, index) => tables.findIndex((other) => other.name === name) < index);
  if (twice) refuse(`it names ${twice.name} twice`);
  const { rowsPerFile = 1 } = options;
  if (!Number.isSafeInteger(rowsPerFile) || rowsPerFile < 1) refuse("rowsPerFile must be a whole number, 1 or more");
  if (safeCsv && format !== "csv") refuse("safeCsv needs the format csv");
  checkWindow(window, changedSince);
  return {
    from: destination.name,
    ...{ format, compression, safeCsv, layout },
    window: { since: window.since ?? null, until: window.until ?? null },
    changedSince: changedSince ?? null,
  };
}
