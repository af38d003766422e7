/** Syncs one server into a host: what both protocols share. */
import type { Destination } from "@org/destination";
import { type Stream, SyncError, type SyncEvent, sync } from "@org/sync-engine";
import { UsageError } from "../errors.ts";
import { explained } from "../explain.ts";
import type { Io } from "../io.ts";
import { didYouMean } from "../nearest.ts";
import { type Connector, sourceName } from "./connector-config.ts";
import { type Host, hostDestination } from "./host-destination.ts";
import { type HostState, isUnfinished, parseHostState } from "./host-state.ts";

/** A stream as the host chose it. */
export interface ChosenStream {
  readonly stream: Stream;
  /** Whether all of it is to be read, whatever was read before. */
  readonly isFullRefresh: boolean;
  /** Names of the columns that the host wants. */
  readonly columns: ReadonlySet<string>;
}

export interface ReadOptions {
  readonly connector: Connector;
  readonly chosen: readonly ChosenStream[];
  /** As the host kept them, by table, each with where it stood, for messages. */
  readonly states: ReadonlyMap<string, { readonly value: unknown; readonly where: string }>;
  readonly host: Host;
  readonly onEvent: (event: SyncEvent) => void;
}

/**
 * Reads what changed since the states. Rows that had to be skipped do not make it fail, unlike with `sync`: hosts discard
 * what a failing source delivered, and one row must not block the others. They are reported, the states name them, and
 * each run tries them again.
 *
 * @throws UsageError, SyncError `STREAMS_FAILED` if a stream failed, or the signal's reason
 */
export async function readIntoHost({ connector, chosen, states, host, onEvent }: ReadOptions, io: Io): Promise<void> {
  const { source, config } = connector;
  const store = config.store === undefined ? undefined : await openStore(config.store);
  const name = sourceName(connector);
  const known = new Map<string, HostState>();
  for (const { stream, isFullRefresh } of chosen) {
    const found = states.get(stream.table.name);
    if (!found) continue;
    const state = parseHostState(found.value, { where: found.where, source: name, hasStore: store !== undefined });
    // A full refresh that was interrupted goes on; after a complete one, the next begins anew.
    if (!isFullRefresh || isUnfinished(state)) known.set(stream.name, state);
  }
  if (chosen.length === 0) return;
  const onLostStore = (stream: string) => {
    const message = `The store ${config.store} has no rows of this stream, so it is read anew. Keep the file between runs.`;
    onEvent({ type: "notice", stream, code: "STORE_LOST", message });
  };
  // One stream's failure does not stop the others; a host that takes nothing any more does.
  const gone = new AbortController();
  const stop = (error: unknown): never => {
    gone.abort(error);
    throw error;
  };
  const guarded: Host = {
    name: host.name,
    records: (table, rows) => host.records(table, rows).catch(stop),
    state: (table, state) => host.state(table, state).catch(stop),
  };
  try {
    await sync({
      source,
      destination: hostDestination({ host: guarded, states: known, source: name, store, onLostStore }),
      streams: chosen.map(({ stream }) => stream.name),
      allowMassDelete: config.allow_mass_delete ?? false,
      signal: io.signal ? AbortSignal.any([io.signal, gone.signal]) : gone.signal,
      ...(io.requests && { requests: io.requests }),
      onEvent,
    });
  } catch (thrown) {
    const hasFailed = !(thrown instanceof SyncError) || (thrown.result?.streams ?? []).some(({ error }) => error);
    if (hasFailed || !(thrown instanceof SyncError) || !thrown.result) throw await explained(thrown, source, io);
  }
}

/** The destination that keeps a copy of the rows, for rules that compare with it. */
export async function openStore(path: string): Promise<Destination> {
  const { sqlite } = await import("@org/destination/sqlite");
  return sqlite(path);
}

/** The source's stream that a host calls by its table's name. @throws UsageError */
export function streamNamed({ source }: Connector, name: unknown, where: string): Stream {
  const found = source.streams.find(({ table }) => table.name === name);
  if (found) return found as Stream;
  const names = source.streams.map(({ table }) => table.name);
  const advice = typeof name === "string" ? didYouMean(name, names) : "";
  throw new UsageError(`${where} is no stream of ${source.name}.${advice || ` There are: ${names.join(", ")}.`}`);
}
