/**
 * `dagsync state export` and `import`: moves a pipeline from one destination to another, without contacting the server.
 */
import { createReadStream } from "node:fs";
import type { Destination } from "@org/destination";
import { exportState, type ImportStateOptions, type ImportStateResult, importState } from "@org/sync-engine";
import type { Command } from "commander";
import { atOf, type Choice, loadPipeline, refuseBoth } from "../choice.ts";
import type { ConfiguredPipeline } from "../config/pipelines.ts";
import { isAddress, parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { jsonLine } from "../render/json.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { grouped } from "../render/table.ts";
import { syncedTables } from "../sources.ts";
import { type Run, shared } from "./options.ts";

interface TransferOptions extends Choice {
  readonly at?: string;
  readonly json?: true;
}

export function addTransfer(state: Command, io: SafeIo, run: Run): void {
  state
    .command("export")
    .description("write a pipeline's rows and states to stdout, as lines of JSON; blocks syncs of it")
    .option(...shared("at", ", the pipeline's destination"))
    .option("--to <place>", "the same as --at")
    .option("--pipeline <name>", "which one, or one in the configuration (default: the only one)")
    .option(...shared("config"))
    .action(
      run(async (options: TransferOptions) => {
        const { destination, pipeline } = await sourceOf(options, io);
        for await (const text of exportState({ destination, tables: syncedTables, pipeline, signal: io.signal })) {
          // So that what was read does not pile up in memory.
          if (io.stdout.write(text) === false) await io.stdout.drained();
        }
        return exitCodes.done;
      }),
    );
  state
    .command("import")
    .description("import an exported pipeline into another destination; the next sync continues from there")
    .argument("<file>", "a file that export wrote")
    .option(...shared("to", ", the new destination"))
    .option("--pipeline <name>", "its new name, or one in the configuration (default: unchanged)")
    .option(...shared("config"))
    .option(...shared("json"))
    .action(
      run(async (file: string, options: TransferOptions) => {
        const { destination, pipeline } = await placeOf(options, io, shapedOf);
        const result = await importFile(file, { destination, pipeline, signal: io.signal });
        const { rows, streams } = result;
        io.stdout.write(
          options.json
            ? jsonLine({ type: "imported", destination: destination.name, ...result })
            : `${grouped(rows)} rows and the states of ${streams.join(", ")}: pipeline ${result.pipeline}, ${destination.name}\n`,
        );
        return exitCodes.done;
      }),
    );
}

/** @throws UsageError if the file cannot be read */
async function importFile(
  path: string,
  options: Omit<ImportStateOptions, "from" | "name">,
): Promise<ImportStateResult> {
  try {
    return await importState({ ...options, from: createReadStream(path), name: path });
  } catch (error) {
    const { code, path: failed } = error as NodeJS.ErrnoException;
    if (code === "EISDIR")
      throw new UsageError(`${path} is a folder: name the file that "dagsync state export" wrote.`);
    throw failed === path ? new UsageError(`The file ${path} cannot be read (${code}).`) : error;
  }
}

/** With the configuration's prefix and excluded columns, which the exported file does not contain. */
const shapedOf = async ({ open }: ConfiguredPipeline) => (await open({ isOffline: true })).destination;

/** The destination to export from: `--at` may name the pipeline. */
async function sourceOf({ at, to, ...options }: TransferOptions, io: Io) {
  const from = atOf({ ...(at !== undefined && { at }), ...(to !== undefined && { to }) });
  const destinationOf = async ({ place }: ConfiguredPipeline) => (await place()).destination;
  if (from === undefined) return placeOf(options, io, destinationOf);
  if (isAddress(from)) return placeOf({ ...options, to: from }, io, destinationOf);
  const { pipeline = from } = options;
  if (pipeline !== from) throw new UsageError("--at and --pipeline name different pipelines: use only one of them.");
  return placeOf({ ...options, pipeline }, io, destinationOf);
}

/** The pipeline's destination and name, from the options or the configuration. */
async function placeOf(
  { to, pipeline, config }: TransferOptions,
  io: Io,
  destinationOf: (configured: ConfiguredPipeline) => Promise<Destination>,
): Promise<{ readonly destination: Destination; readonly pipeline: string | undefined }> {
  if (pipeline?.trim() === "") throw new UsageError("--pipeline is empty: name the pipeline, or leave the option out.");
  if (to !== undefined) {
    refuseBoth([], config);
    return { destination: (await parseDestination(to)).destination, pipeline };
  }
  const names = pipeline === undefined ? [] : [pipeline];
  const configured = await loadPipeline(names, { ...(config && { config }) }, io);
  return { destination: await destinationOf(configured), pipeline: configured.name };
}
