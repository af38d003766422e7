/**
 * The claim, checked: the server is read again, whole, by a first sync into an empty file, and the tables are compared
 * with that, column by column. All of it works on a copy of the destination, so nothing can change in the destination.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Destination, StoredValues, Table } from "@org/destination";
import { copyDuckdb, type DuckdbQuery, duckdb, readDuckdb } from "@org/destination/duckdb";
import {
  type RequestOptions,
  type SyncEvent,
  type SyncOptions,
  type SyncResult,
  sync,
  type Unstored,
  unstoredRows,
} from "@org/sync-engine";
import { UsageError } from "../errors.ts";
import { type Pipeline, shapedDestination } from "../pipeline.ts";
import { makeTemporaryFolder } from "../temporary-folder.ts";
import { type CompareOptions, compareTable, type Files, type TableComparison } from "./compare.ts";
import { copyPipeline } from "./copy.ts";
import { countingSharedKeys, holdingAs, type SharedKeys } from "./reread.ts";

export interface VerifyOptions {
  readonly pipeline: Pipeline;
  /** Whether the pipeline's name was said; else its tables say who owns them. */
  readonly isNamed: boolean;
  /** @default all of the source */
  readonly streams?: readonly string[];
  /**
   * Compares a sample: dag runs that were due, task instances of such runs, and Dagster's runs that changed, at this time
   * or later, in ms since 1970. @default everything
   */
  readonly since?: number;
  readonly requests?: RequestOptions;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: SyncEvent) => void;
  /** Told what begins, in words. */
  readonly onPhase?: (text: string) => void;
}

export interface VerifyResult {
  /** What was verified. */
  readonly destination: string;
  readonly tables: readonly TableComparison[];
  readonly requests: number;
  readonly durationMs: number;
}

/**
 * Compares a destination's tables with the server. Needs room for up to four copies of the file in the system's
 * folder for temporary files (`TMPDIR`).
 *
 * @throws DestinationError `LOCKED` while a sync writes into the file, SyncError when the server could not be read
 * whole, UsageError when there is nothing to compare.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { signal, onPhase } = options;
  const { source, place, excluded } = options.pipeline;
  const { name } = place.destination;
  const startedAt = performance.now();
  const folder = await makeTemporaryFolder("dagsync-verify-");
  const files = { stored: join(folder, "stored.duckdb"), server: join(folder, "server.duckdb") };
  try {
    await copyPipeline(options.pipeline, files.stored, signal);
    const pipeline = await ownerOf(options, files.stored);
    const part = options.since === undefined ? "all" : `what is newer than ${new Date(options.since).toISOString()}`;
    onPhase?.(`Reading ${part} of ${source.url} again, to compare it with ${name} (pipeline ${pipeline})`);
    let isUnloaded = false;
    const onEvent = (event: SyncEvent) => {
      if (event.type === "notice" && event.code === "LOCATION_NOT_LOADED") isUnloaded = true;
      options.onEvent?.(event);
    };
    const { since } = options;
    const counted = countingSharedKeys(holdingAs(duckdb(files.server), place.destination));
    const sample = since === undefined ? {} : { sampleSince: since };
    const read = await syncInto(counted.destination, pipeline, { ...options, onEvent }, sample);
    const streams = source.streams.filter(({ name }) => read.streams.some(({ stream }) => stream === name));
    const stored = shapedDestination(duckdb(files.stored), { excluded });
    const tables = streams.map(({ table }) => stored.realTable?.(table) ?? table);
    // A file of an older release lacks columns, which then hold nothing: the next sync would add them too.
    const session = await duckdb(files.stored).open({ pipeline, ...(signal && { signal }) });
    await session.prepare(tables).finally(() => session.close());

    let requests = read.requests;
    const unstored = await unstoredIn([files.stored, files.server], pipeline);
    let found = await compareTables(tables, files, { isUnloaded, unstored, since }, signal);
    if (found.some(({ differences }) => differences.length > 0)) {
      onPhase?.(
        "Trying the next sync on a copy, and one that looks for deletions, to find the causes of the differences",
      );
      const like = (file: string) => holdingAs(duckdb(file), place.destination);
      const after = { next: join(folder, "next.duckdb"), reconciled: join(folder, "reconciled.duckdb") };
      try {
        await copyDuckdb(files.stored, after.next);
        requests += (await syncInto(like(after.next), pipeline, options, { reconcile: false })).requests;
        await copyDuckdb(after.next, after.reconciled);
        const everything = { reconcile: true, allowMassDelete: true };
        const last = await syncInto(like(after.reconciled), pipeline, options, everything);
        requests += last.requests;
        found = await compareTables(tables, { ...files, ...after }, { isUnloaded, unstored, since }, signal);
      } catch (error) {
        signal?.throwIfAborted();
        onPhase?.(`The causes are not known, since that sync fails: ${(error as Error).message}`);
      }
    }
    const tablesWithShared = found.map((each, index) => withShared(each, counted.sharedKeys.get(tables[index]!.name)));
    return { destination: name, tables: tablesWithShared, requests, durationMs: performance.now() - startedAt };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function withShared(comparison: TableComparison, sharedKeys: SharedKeys | undefined): TableComparison {
  return sharedKeys ? { ...comparison, sharedKeys } : comparison;
}

/** Rows that could not be stored, by their table: at the last sync, or in what the server was read into. */
async function unstoredIn(files: readonly string[], pipeline: string): Promise<Unstored> {
  const all: Record<string, StoredValues[]> = {};
  for (const file of files) {
    const contents = (await duckdb(file).contents?.()) ?? [];
    for (const { state } of contents.find((each) => each.pipeline === pipeline)?.streams ?? []) {
      for (const [table, rows] of Object.entries(unstoredRows(state))) all[table] = [...(all[table] ?? []), ...rows];
    }
  }
  return all;
}

function syncInto(
  destination: Destination,
  pipeline: string,
  { pipeline: { source, excluded }, streams, requests, signal, onEvent }: VerifyOptions,
  how: Pick<SyncOptions, "reconcile" | "allowMassDelete" | "sampleSince"> = {},
): Promise<SyncResult> {
  const reading = sync({
    source,
    destination: shapedDestination(destination, { excluded }),
    pipeline,
    ...(streams && { streams }),
    ...(requests && { requests }),
    ...(signal && { signal }),
    ...(onEvent && { onEvent }),
    ...how,
  });
  return reading.catch((error) => {
    const { result } = error as { result?: SyncResult };
    // Rows that nothing can hold are counted; all others were read.
    const isWhole = result?.streams.every((stream) => !stream.error);
    if (isWhole && result?.problems.every((problem) => "code" in problem && problem.code === "UNSTORED_ROW"))
      return result;
    throw error;
  });
}

async function compareTables(
  tables: readonly Table[],
  files: Files,
  { unstored, ...how }: Omit<CompareOptions, "hasNext" | "unstored"> & { readonly unstored: Unstored },
  signal?: AbortSignal,
): Promise<readonly TableComparison[]> {
  const { stored, ...beside } = files;
  const work = async (query: DuckdbQuery) => {
    const compared: TableComparison[] = [];
    for (const table of tables) {
      const options = { hasNext: files.next !== undefined, unstored: unstored[table.name] ?? [], ...how };
      compared.push(await compareTable(query, table, options));
    }
    return compared;
  };
  return readDuckdb(stored, work, { beside, ...(signal && { signal }) });
}

/** The pipeline under which the source's tables were made. */
async function ownerOf({ pipeline, isNamed }: VerifyOptions, copy: string): Promise<string> {
  const { name, source, place } = pipeline;
  const tables = source.streams.map(({ table }) => table.name);
  const made = ((await duckdb(copy).contents?.()) ?? []).filter((each) =>
    each.tables.some((table) => tables.includes(table.name)),
  );
  const [first] = made;
  if (!first) {
    throw new UsageError(
      `${place.destination.name} holds nothing that a sync of ${source.name} wrote: there is nothing to verify.`,
    );
  }
  if (made.some((each) => each.pipeline === name)) return name;
  if (!isNamed) return first.pipeline;
  throw new UsageError(`${place.destination.name} holds nothing of pipeline ${name}: there is nothing to verify.`);
}
