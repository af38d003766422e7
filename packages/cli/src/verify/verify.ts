/**
 * The claim, checked: the server is read again, whole, by a first sync into an empty file, and the tables are compared
 * with that, column by column. All of it works on a copy of the destination, so nothing can change in the destination.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Table } from "@org/destination";
import { copyDuckdb, type DuckdbQuery, duckdb, queryDuckdb, readDuckdb } from "@org/destination/duckdb";
import {
  defaultPipeline,
  type RequestOptions,
  type Source,
  type SyncEvent,
  type SyncOptions,
  type SyncResult,
  sync,
} from "@org/sync-engine";
import { UsageError } from "../errors.ts";
import { type CompareOptions, compareTable, type Files, type TableComparison } from "./compare.ts";

export interface VerifyOptions {
  readonly source: Source;
  /** The DuckDB file. */
  readonly path: string;
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
  const { source, path, signal, onPhase } = options;
  const startedAt = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "dagsync-verify-"));
  const files = { stored: join(folder, "stored.duckdb"), server: join(folder, "server.duckdb") };
  try {
    await copyDuckdb(path, files.stored);
    const pipeline = await ownerOf(path, files.stored, source);
    const part = options.since === undefined ? "all" : `what is newer than ${new Date(options.since).toISOString()}`;
    onPhase?.(`Reading ${part} of ${source.url} again, to compare it with duckdb:${path} (pipeline ${pipeline})`);
    let isUnloaded = false;
    const onEvent = (event: SyncEvent) => {
      if (event.type === "notice" && event.code === "LOCATION_NOT_LOADED") isUnloaded = true;
      options.onEvent?.(event);
    };
    const { since } = options;
    const read = await syncInto(
      files.server,
      pipeline,
      { ...options, onEvent },
      since === undefined ? {} : { sampleSince: since },
    );
    const streams = source.streams.filter(({ name }) => read.streams.some(({ stream }) => stream === name));
    const tables = streams.map(({ table }) => table);
    // A file of an older release lacks columns, which then hold nothing: the next sync would add them too.
    const session = await duckdb(files.stored).open({ pipeline, ...(signal && { signal }) });
    await session.prepare(tables).finally(() => session.close());

    let requests = read.requests;
    let found = await compareTables(tables, files, { isUnloaded, since }, signal);
    if (found.some(({ differences }) => differences.length > 0)) {
      onPhase?.(
        "Trying the next sync on a copy, and one that looks for deletions, to find the causes of the differences",
      );
      const after = { next: join(folder, "next.duckdb"), reconciled: join(folder, "reconciled.duckdb") };
      try {
        await copyDuckdb(files.stored, after.next);
        requests += (await syncInto(after.next, pipeline, options, { reconcile: false })).requests;
        await copyDuckdb(after.next, after.reconciled);
        const last = await syncInto(after.reconciled, pipeline, options, { reconcile: true, allowMassDelete: true });
        requests += last.requests;
        found = await compareTables(tables, { ...files, ...after }, { isUnloaded, since }, signal);
      } catch (error) {
        signal?.throwIfAborted();
        onPhase?.(`The causes are not known, since that sync fails: ${(error as Error).message}`);
      }
    }
    return { tables: found, requests, durationMs: performance.now() - startedAt };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function syncInto(
  file: string,
  pipeline: string,
  { source, streams, requests, signal, onEvent }: VerifyOptions,
  how: Pick<SyncOptions, "reconcile" | "allowMassDelete" | "sampleSince"> = {},
): Promise<SyncResult> {
  return sync({
    source,
    destination: duckdb(file),
    pipeline,
    ...(streams && { streams }),
    ...(requests && { requests }),
    ...(signal && { signal }),
    ...(onEvent && { onEvent }),
    ...how,
  });
}

async function compareTables(
  tables: readonly Table[],
  files: Files,
  how: Omit<CompareOptions, "hasNext">,
  signal?: AbortSignal,
): Promise<readonly TableComparison[]> {
  const { stored, ...beside } = files;
  const work = async (query: DuckdbQuery) => {
    const compared: TableComparison[] = [];
    for (const table of tables) {
      compared.push(await compareTable(query, table, { hasNext: files.next !== undefined, ...how }));
    }
    return compared;
  };
  return readDuckdb(stored, work, { beside, ...(signal && { signal }) });
}

/** The pipeline under which the source's tables were made. */
async function ownerOf(path: string, copy: string, source: Source): Promise<string> {
  const names = source.streams.map(({ table }) => table.name);
  const ours = await queryDuckdb(
    copy,
    "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = '_sync_tables'",
  );
  const made = ours.length > 0 ? await queryDuckdb(copy, "SELECT table_name, pipeline FROM _sync_tables") : [];
  const owners = new Set(
    made.filter((each) => names.includes(String(each.table_name))).map(({ pipeline }) => pipeline),
  );
  if (owners.size === 0) {
    throw new UsageError(
      `duckdb:${path} holds nothing that a sync of ${source.name} wrote: there is nothing to verify.`,
    );
  }
  const own = defaultPipeline(source);
  return owners.has(own) ? own : String([...owners][0]);
}
