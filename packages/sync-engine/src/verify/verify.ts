/**
 * Verifies a destination. Reads the whole server again, with a first sync into an empty database, and compares the tables
 * with that, column by column. Works on a copy of the destination, so it cannot change anything there.
 */
import { type Destination, type StoredValues, type Table, withoutColumns } from "@org/destination";
import type { Scratch } from "@org/destination/scratch";
import { toError } from "@org/kit";
import { describeState } from "../describe-state.ts";
import { SyncError } from "../errors.ts";
import type { Outstanding, SyncEvent } from "../events.ts";
import type { RequestOptions } from "../request.ts";
import type { SyncResult } from "../result.ts";
import { unstoredRows } from "../state.ts";
import type { Source, Stream } from "../stream.ts";
import { chooseStreams, defaultPipeline } from "../streams.ts";
import { type SyncOptions, sync } from "../sync.ts";
import { copyPipeline } from "../transfer/copy.ts";
import type { Unstored } from "../unstored.ts";
import { type CompareOptions, compareTable, type TableComparison } from "./compare.ts";
import { countingSharedKeys, heldRows, holdingAs } from "./reread.ts";

export interface VerifyOptions {
  readonly source: Source;
  readonly destination: Destination;
  /** The pipeline that owns the tables. @default the source's name and host, or else the owner of such a source's tables */
  readonly pipeline?: string | undefined;
  /** As for a sync. Those of samples are not compared: reading the server again cannot confirm them. @default default */
  readonly streams?: readonly string[] | undefined;
  /**
   * Compares a sample: only history at least this new, by the streams' `sampleBy`, in ms since 1970.
   * @default everything
   */
  readonly since?: number | undefined;
  readonly requests?: RequestOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives the events of the syncs that read the server. */
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  /** Receives each phase as it starts. */
  readonly onPhase?: ((phase: VerifyPhase) => void) | undefined;
}

/**
 * A phase of a verification. `reading`: reads the server again. `explaining`: tries the next syncs on copies, to find the
 * causes of differences. `unexplained`: such a sync failed, so the causes stay unknown.
 */
export type VerifyPhase =
  | { readonly type: "reading"; readonly url: string; readonly destination: string; readonly pipeline: string }
  | { readonly type: "explaining" }
  | { readonly type: "unexplained"; readonly error: Error };

export interface VerifyResult {
  /** The destination's name. */
  readonly destination: string;
  readonly tables: readonly TableComparison[];
  /** The chosen streams that were not compared: they hold samples, and the server does not say how it was then. */
  readonly samples: readonly string[];
  /**
   * What the last sync left for later, by stream, such as earlier attempts. Their rows count as missing, and the next
   * sync brings them.
   */
  readonly outstanding: readonly ({ readonly stream: string } & Outstanding)[];
  readonly requests: number;
  readonly durationMs: number;
}

/**
 * Compares a destination's tables with the server. The destination must support `transfer`, and DuckDB's driver must be
 * installed, whatever the destination is. Needs space for up to four copies of the pipeline's tables in the system's
 * temporary folder (`TMPDIR`).
 *
 * @throws SyncError if the server could not be read completely, `NOTHING_STORED` if there is nothing to compare, `INVALID_OPTION` if there are only samples,
 * `NOT_SUPPORTED` if the destination cannot be copied; DestinationError, such as `LOCKED` while a sync is writing the
 * file; the signal's reason
 * @example
 * const { tables } = await verify({ source: airflow({ client }), destination: duckdb("orchestration.duckdb") });
 * for (const { table, different, missing, extra } of tables) console.log(table, different, missing, extra);
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const chosen = chooseStreams(options.source, options.streams);
  const streams = chosen.filter(({ isSampled }) => !isSampled);
  const samples = chosen.filter(({ isSampled }) => isSampled).map(({ name }) => name);
  if (streams.length === 0) {
    const message = `Only samples would be compared (${samples.join(", ")}): the server does not say how it was when they were taken. Choose other streams.`;
    throw new SyncError("INVALID_OPTION", message);
  }
  checkSample(streams, options);
  const startedAt = performance.now();
  // Imported lazily: it loads DuckDB.
  const { withScratch } = await import("@org/destination/scratch");
  const found = await withScratch("dagsync-verify-", (scratch) => compared({ ...options, streams, scratch }));
  return { destination: options.destination.name, samples, ...found, durationMs: performance.now() - startedAt };
}

type Work = Omit<VerifyOptions, "streams"> & {
  readonly streams: readonly Stream[];
  readonly scratch: Scratch;
};

async function compared(work: Work): Promise<Omit<VerifyResult, "destination" | "samples" | "durationMs">> {
  const { source, destination, scratch, signal } = work;
  const { onPhase = () => {} } = work;
  const pipeline = await ownerOf(work);
  await copyStored(work, pipeline);
  onPhase({ type: "reading", url: source.url, destination: destination.name, pipeline });
  const notices = new Set<string>();
  const onEvent = (event: SyncEvent) => {
    if (event.type === "notice") notices.add(event.code);
    work.onEvent?.(event);
  };
  const counted = countingSharedKeys(holdingAs(scratch.database("server"), destination));
  const since = await comparedSince(work, pipeline);
  const sample = since === undefined ? {} : { sampleSince: since };
  const read = await syncInto(counted.destination, pipeline, { ...work, onEvent }, sample);

  const shaped = withoutExcluded(scratch.database("stored"), work);
  const streams = work.streams.map((stream) => ({
    ...stream,
    table: shaped.realTable?.(stream.table) ?? stream.table,
  }));
  // Adds columns that a file of an older release lacks, as the next sync would. They are null.
  const session = await scratch.database("stored").open({ pipeline, ...(signal && { signal }) });
  await session.prepare(streams.map(({ table }) => table)).finally(() => session.close());

  const unstored = await unstoredIn([scratch.database("stored"), scratch.database("server")], pipeline);
  const compare = (hasNext: boolean) => compareTables(streams, work, { hasNext, notices, unstored, since });
  let { requests } = read;
  let tables = await compare(false);
  if (tables.some(({ differences }) => differences.length > 0)) {
    onPhase({ type: "explaining" });
    try {
      requests += await tryNext(work, pipeline);
      tables = await compare(true);
    } catch (error) {
      signal?.throwIfAborted();
      onPhase({ type: "unexplained", error: toError(error) });
    }
  }
  const withShared = tables.map((each, index) => {
    const sharedKeys = counted.sharedKeys.get(streams[index]!.table.name);
    return sharedKeys ? { ...each, sharedKeys } : each;
  });
  return { tables: withShared, outstanding: await outstandingIn(work, pipeline), requests };
}

/** Where the comparison begins: not before a limited history, since the table lacks what is older. */
async function comparedSince({ streams, since, scratch, signal }: Work, pipeline: string): Promise<number | undefined> {
  const states = await describeState({ destination: scratch.database("stored"), pipeline, signal });
  const limits = states.flatMap(({ stream, status, historySince }) => {
    const isCompared = streams.some(({ name, sampleBy }) => name === stream && sampleBy !== undefined);
    return isCompared && status === "synced" && historySince !== null ? [Date.parse(historySince)] : [];
  });
  return limits.length === 0 ? since : Math.max(since ?? Number.NEGATIVE_INFINITY, ...limits);
}

/** What is left to read later, from the streams' states. */
async function outstandingIn({ streams, scratch, signal }: Work, pipeline: string) {
  const states = await describeState({ destination: scratch.database("stored"), pipeline, signal });
  const isVerified = (stream: string) => streams.some(({ name }) => name === stream);
  return states.flatMap(({ stream, outstanding }) =>
    outstanding && isVerified(stream) ? [{ stream, ...outstanding }] : [],
  );
}

/** Runs, on copies, the next sync and then one that looks for deletions. @returns the number of requests */
async function tryNext(work: Work, pipeline: string): Promise<number> {
  const { scratch, destination } = work;
  const like = (name: string) => holdingAs(scratch.database(name), destination);
  await scratch.copy("stored", "next");
  const next = await syncInto(like("next"), pipeline, work, { reconcile: false });
  await scratch.copy("next", "reconciled");
  const everything = { reconcile: true, allowMassDelete: true };
  const reconciled = await syncInto(like("reconciled"), pipeline, work, everything);
  return next.requests + reconciled.requests;
}

/** @throws SyncError `INVALID_OPTION` if the destination lacks a `sampleBy` column */
function checkSample(streams: readonly Stream[], { destination, since }: Pick<VerifyOptions, "destination" | "since">) {
  for (const { name, table, sampleBy } of streams) {
    const stored = destination.realTable?.(table) ?? table;
    if (since === undefined || sampleBy === undefined || sampleBy in stored.columns) continue;
    const message = `No sample of stream ${name} can be compared: its column ${sampleBy} is not stored. Compare everything.`;
    throw new SyncError("INVALID_OPTION", message);
  }
}

/** Copies the pipeline into the database `stored`, under its tables' declared names. */
async function copyStored({ source, destination, scratch, signal }: Work, pipeline: string) {
  if (destination.duckdbFile !== undefined) return scratch.copyFile(destination.duckdbFile, "stored");
  const tables = source.streams.map(({ table }) => table);
  return copyPipeline({ from: destination, to: scratch.database("stored"), pipeline, tables, signal });
}

/** Omits the columns that the destination omits. */
function withoutExcluded(database: Destination, { source, destination }: Work): Destination {
  const excluded = source.streams.flatMap(({ table }) => {
    const stored = destination.realTable?.(table) ?? table;
    const left = Object.keys(table.columns).filter((name) => !(name in stored.columns));
    return left.length > 0 ? [[table.name, left] as const] : [];
  });
  return excluded.length > 0 ? withoutColumns(database, Object.fromEntries(excluded)) : database;
}

/** Rows that could not be stored, by table: at the last sync, or when the server was read again. */
async function unstoredIn(databases: readonly Destination[], pipeline: string): Promise<Unstored> {
  const all: Record<string, StoredValues[]> = {};
  for (const database of databases) {
    const contents = (await database.contents?.()) ?? [];
    for (const { state } of contents.find((each) => each.pipeline === pipeline)?.streams ?? []) {
      for (const [table, rows] of Object.entries(unstoredRows(state))) all[table] = [...(all[table] ?? []), ...rows];
    }
  }
  return all;
}

async function syncInto(
  database: Destination,
  pipeline: string,
  work: Work,
  how: Pick<SyncOptions, "reconcile" | "allowMassDelete" | "sampleSince"> = {},
): Promise<SyncResult> {
  const { source, streams, requests, signal, onEvent } = work;
  try {
    return await sync({
      ...{ source, destination: withoutExcluded(database, work), pipeline },
      streams: streams.map(({ name }) => name),
      ...(requests && { requests }),
      ...(signal && { signal }),
      ...(onEvent && { onEvent }),
      ...how,
    });
  } catch (error) {
    const result = error instanceof SyncError ? error.result : undefined;
    // Unstored rows are reported in the comparison. Everything else was read.
    const isWhole = result?.streams.every((stream) => !stream.error);
    if (isWhole && result?.problems.every(({ code }) => code === "UNSTORED_ROW")) return result;
    throw error;
  }
}

async function compareTables(
  streams: readonly Stream[],
  { destination, scratch, signal }: Work,
  { unstored, ...options }: Omit<CompareOptions, "unstored"> & { readonly unstored: Unstored },
): Promise<readonly TableComparison[]> {
  const further = options.hasNext ? ["next", "reconciled"] : [];
  return scratch.read(
    ["stored", "server", ...further],
    async (query) => {
      const tables: TableComparison[] = [];
      for (const stream of streams) {
        const { table } = stream;
        const named = heldRows(destination, table, unstored[table.name] ?? []);
        tables.push(await compareTable(query, stream, { ...options, unstored: named }));
      }
      return tables;
    },
    { signal },
  );
}

/** The pipeline that owns the source's tables. @throws SyncError `NOTHING_STORED`, `NOT_SUPPORTED` */
async function ownerOf({ source, destination, pipeline, signal }: Work): Promise<string> {
  const { name } = destination;
  if (!destination.contents) throw new SyncError("NOT_SUPPORTED", `${name} does not support exports yet.`);
  const real = (table: Table) => (destination.realTable?.(table) ?? table).name;
  const tables = source.streams.map(({ table }) => real(table));
  const made = (await destination.contents(signal && { signal })).filter((each) =>
    each.tables.some((table) => tables.includes(table.name)),
  );
  const [first] = made;
  if (!first) {
    const message = `${name} has no data synced from ${source.name}: there is nothing to verify.`;
    throw new SyncError("NOTHING_STORED", message);
  }
  const owner = pipeline ?? defaultPipeline(source);
  if (made.some((each) => each.pipeline === owner)) return owner;
  if (pipeline === undefined) return first.pipeline;
  throw new SyncError("NOTHING_STORED", `${name} holds nothing of pipeline ${pipeline}: there is nothing to verify.`);
}
