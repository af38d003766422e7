/** `dagsync export`: writes tables to files, and verifies such files. */
import type { Destination } from "@org/destination";
import type { ExportManifest, ExportOptions } from "@org/destination/export";
import { toError } from "@org/kit";
import { describeState } from "@org/sync-engine";
import type { Command } from "commander";
import { loadPipeline } from "../choice.ts";
import { exportPlaceForms, isAddress, parseDestination, parseExportPlace } from "../destinations.ts";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import { type InventorySource, inventoryOf, withInventory } from "../export/inventory.ts";
import { checkTimezone, lastDays, parseMoment } from "../export/moment.ts";
import { ExportProgress, size } from "../export/progress.ts";
import { positionsOf, tablesToExport } from "../export/tables.ts";
import type { Io } from "../io.ts";
import { didYouMean } from "../nearest.ts";
import { jsonLine } from "../render/json.ts";
import { canMove, escaped, type SafeIo } from "../render/safe-output.ts";
import { grouped } from "../render/table.ts";
import { parseSource } from "../sources.ts";
import { parseNames, type Run, shared } from "./options.ts";

interface ExportCommandOptions {
  readonly at?: string;
  readonly config?: string;
  readonly into?: string;
  readonly tables?: string;
  readonly with?: string;
  readonly from?: string;
  readonly format?: string;
  readonly compression?: string;
  readonly layout?: string;
  readonly since?: string;
  readonly until?: string;
  readonly days?: string;
  readonly timezone?: string;
  readonly changedSince?: string;
  readonly safeCsv?: true;
  readonly keep?: string;
  readonly json?: true;
}

export function addExport(program: Command, io: SafeIo, run: Run): void {
  const command = program
    .command("export")
    .description("write tables as CSV, NDJSON or Parquet to a folder or S3, with checksums")
    .option(...shared("at", " (default: its only one)"))
    .option(...shared("config"))
    .option("--into <folder>", exportPlaceForms)
    .option("--tables <names>", "only these, separated by commas (default: all)")
    .option(
      "--with <names>",
      "also, straight from Airflow: sources,pools,variables,connections,xcoms; names, never values",
    )
    .option("--from <source>", "the server that --with reads, as in sync, where --at is an address")
    .option("--format <format>", "csv, ndjson or parquet (default: parquet)")
    .option("--compression <name>", "gzip or zstd (default: gzip for csv, else zstd)")
    .option("--layout <layout>", "date: 2026/11/30/<table>_081530.…, or hive: <table>/dt=2026-11-30/… (default: date)")
    .option("--since <moment>", "rows of tables with a history since then: 2026-11-30, or 2026-11-30T08:15:00Z")
    .option("--until <moment>", "rows before then")
    .option("--days <number>", "the last complete days instead, without today")
    .option("--timezone <name>", "time zone of days, and of times without one, as in Europe/Berlin (default: UTC)")
    .option("--changed-since <moment>", "only rows that were written, or found to be deleted, since then")
    .option("--safe-csv", "prefix text that a spreadsheet would take for a formula with '")
    .option("--keep <duration>", "remove exports older than 30d, 12h, …, but never the newest")
    .option(...shared("json", ", and every event"))
    // Options after "verify" belong to that command.
    .enablePositionalOptions()
    .action(run((options: ExportCommandOptions) => (options.json ? exportAsJson : exportForPeople)(options, io)));
  command
    .command("verify")
    .description("read exported files again and compare them with their manifests")
    .argument("<folder>", exportPlaceForms)
    .option(...shared("json"))
    .action(run((folder: string, { json = false }: { readonly json?: boolean }) => verifyExport(folder, json, io)));
}

async function exportAsJson(options: ExportCommandOptions, io: Io): Promise<number> {
  try {
    const { manifest, removed } = await runExport(options, io, (event) => {
      if (event.type !== "rows-written") io.stdout.write(jsonLine(event));
    });
    const { id, files } = manifest;
    io.stdout.write(jsonLine({ type: "result", exitCode: exitCodes.done, id, files: files.length, removed }));
    return exitCodes.done;
  } catch (thrown) {
    const exitCode = exitCodeOf(thrown);
    io.stdout.write(jsonLine({ type: "result", exitCode, error: toError(thrown) }));
    return exitCode;
  }
}

async function exportForPeople(options: ExportCommandOptions, io: SafeIo): Promise<number> {
  const progress = new ExportProgress();
  const print = (line: string | undefined) => line && io.stderr.write(`${line}\n`);
  const tick = () => print(progress.status() && `  ${progress.status()}`);
  const timer = setInterval(tick, canMove(io) ? 2000 : 10_000);
  try {
    const { manifest, removed } = await runExport(options, io, (event) => print(progress.take(event)));
    const { rows, bytes } = totalsOf(manifest);
    io.stdout.write(
      `${manifest.id}: ${manifest.files.length} files, ${grouped(rows)} rows, ${size(bytes)}, in ${escaped(options.into ?? "")}\n`,
    );
    for (const each of removed) io.stdout.write(`removed ${each.id}: ${each.removed.length} files\n`);
    for (const path of removed.flatMap(({ left }) => left)) io.stderr.write(`! ${escaped(path)} stays\n`);
    return exitCodes.done;
  } finally {
    clearInterval(timer);
  }
}

async function runExport(options: ExportCommandOptions, io: Io, onEvent: NonNullable<ExportOptions["onEvent"]>) {
  const { into, s3 } = parseExportPlace("--into", options.into ?? "");
  const window = await windowOf(options);
  const format = oneOf("--format", options.format, ["csv", "ndjson", "parquet"] as const) ?? "parquet";
  const compression = oneOf("--compression", options.compression, ["gzip", "zstd"] as const);
  if (format === "parquet" && compression === "gzip") throw new UsageError("--compression: Parquet has zstd only.");
  if (options.safeCsv && format !== "csv") throw new UsageError("--safe-csv needs --format csv.");
  const layout = oneOf("--layout", options.layout, ["date", "hive"] as const);
  const changedSince =
    options.changedSince === undefined
      ? undefined
      : await parseMoment("--changed-since", options.changedSince, options.timezone ?? "UTC");
  const keepMs = options.keep === undefined ? Number.POSITIVE_INFINITY : parseDuration("--keep", options.keep);
  const { destination, pipeline, openSource } = await placeOf(options, io);
  const inventory = await inventoryOf(options, openSource);
  if (!destination.contents) throw new UsageError(`${destination.name} does not support listing its contents.`);
  const contents = await destination.contents(io.signal && { signal: io.signal });
  const names = parseNames(options.tables);
  const tables = tablesToExport(destination, contents, pipeline, names);
  const { exportTables, removeOldExports } = await import("@org/destination/export");
  const manifest = await withInventory(inventory, { synced: tables, signal: io.signal }, (beside) =>
    exportTables(destination, {
      ...{ into, s3, tables, beside, format, compression, layout, window, changedSince, onEvent },
      safeCsv: options.safeCsv ?? false,
      positions: async () => positionsOf(await describeState({ destination, signal: io.signal }), tables),
      signal: io.signal,
    }),
  );
  const removed = Number.isFinite(keepMs) ? await removeOldExports(into, { keepMs, s3 }) : [];
  return { manifest, removed };
}

async function windowOf({
  since,
  until,
  days,
  timezone = "UTC",
}: ExportCommandOptions): Promise<ExportOptions["window"]> {
  await checkTimezone(timezone);
  if (days === undefined) {
    const window = {
      since: since === undefined ? undefined : await parseMoment("--since", since, timezone),
      until: until === undefined ? undefined : await parseMoment("--until", until, timezone),
    };
    if (window.since !== undefined && window.until !== undefined && window.since >= window.until) {
      throw new UsageError("--until must be after --since.");
    }
    return since === undefined && until === undefined ? undefined : window;
  }
  if (since !== undefined || until !== undefined)
    throw new UsageError("--days replaces --since and --until: use one or the other.");
  if (!/^[1-9]\d{0,4}$/.test(days.trim())) throw new UsageError("--days must be a whole number, 1 or more.");
  return lastDays(Number(days), timezone);
}

interface Place {
  readonly destination: Destination;
  /** Only this pipeline's tables; undefined for all. */
  readonly pipeline: string | undefined;
  /** The server, if it is known. */
  readonly openSource: (() => Promise<InventorySource>) | undefined;
}

/** By its address, or by the name of a pipeline: then only the tables of that one. */
async function placeOf({ at, config, from }: ExportCommandOptions, io: Io): Promise<Place> {
  if (at !== undefined && isAddress(at)) {
    if (config !== undefined)
      throw new UsageError("--at already names a destination: use --config only with a pipeline.");
    const openSource = from === undefined ? undefined : async () => ({ source: parseSource(from, io.env) });
    return {
      destination: (await parseDestination(at, { label: "--at" })).destination,
      pipeline: undefined,
      openSource,
    };
  }
  if (from !== undefined) throw new UsageError("--from is only for an address in --at: a pipeline has its own server.");
  const configured = await loadPipeline(at === undefined ? [] : [at], { ...(config && { config }) }, io);
  const { destination } = await configured.place();
  return { destination, pipeline: configured.name, openSource: () => configured.open() };
}

function oneOf<T extends string>(option: string, given: string | undefined, known: readonly T[]): T | undefined {
  const found = known.find((each) => each === given);
  if (given === undefined || found) return found;
  throw new UsageError(`${option} must be ${known.join(", ")}.${didYouMean(given, known)}`);
}

async function verifyExport(folder: string, json: boolean, io: Io): Promise<number> {
  const { into, s3 } = parseExportPlace("The folder", folder);
  const { verifyExports } = await import("@org/destination/export");
  const { exports, unfinished, unexpected } = await verifyExports(into, {
    s3,
    signal: io.signal,
    onExport: (found) => {
      if (json) return io.stdout.write(jsonLine({ type: "export", ...found }));
      const { id, files, rows, bytes, problems } = found;
      const counts = `${grouped(files)} files, ${grouped(rows)} rows, ${size(bytes)}`;
      io.stdout.write(`${problems.length === 0 ? "✓" : "✗"} ${id}: ${counts}\n`);
      for (const { path, message } of problems) io.stdout.write(`  ${escaped(path)} ${escaped(message)}\n`);
      return undefined;
    },
  });
  for (const id of unfinished) {
    if (json) io.stdout.write(jsonLine({ type: "unfinished", id }));
    else io.stdout.write(`– ${id} is unfinished: run the same export again to resume it\n`);
  }
  for (const path of unexpected) {
    if (json) io.stdout.write(jsonLine({ type: "unexpected", path }));
    else
      io.stdout.write(`✗ ${escaped(path)} is in no manifest: move it away, or whoever reads the folder reads it too\n`);
  }
  // Where no export is complete, there is no backup.
  const isGood =
    exports.length > 0 && exports.every(({ problems }) => problems.length === 0) && unexpected.length === 0;
  return isGood ? exitCodes.done : exitCodes.incomplete;
}

function totalsOf({ files }: ExportManifest): { readonly rows: number; readonly bytes: number } {
  return files.reduce((sum, { rows, bytes }) => ({ rows: sum.rows + rows, bytes: sum.bytes + bytes }), {
    rows: 0,
    bytes: 0,
  });
}
