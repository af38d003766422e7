import type { Json, State } from "@org/destination";
import { SyncError } from "./errors.ts";
import type { Outstanding } from "./events.ts";
import { isMoment, parsePosition } from "./position.ts";
import type { Stream } from "./stream.ts";
import type { Unstored } from "./unstored.ts";

/** The format that {@link encodeState} writes. */
const VERSION = 4;

/** A lone surrogate, as JSON.stringify writes it. */
const HALF_PAIR = /\\ud[89a-f][0-9a-f]{2}/;

/** Migrations, each from the given version to the next. */
const migrations: Readonly<Record<number, (value: Record<string, Json>) => Record<string, Json>>> = {
  // Version 1 did not look for deletions, so that is due.
  1: (value) => ({ ...value, reconciled_at: 0 }),
  // Version 2 did not skip rows: one that could not be stored failed its stream.
  2: (value) => ({ ...value, unstored: {} }),
  // Version 4 changed how Airflow's streams record pending rows. They still read the old form themselves.
  3: (value) => value,
};

/** A stream's own state, when it last looked for deletions, and which rows it could not store. */
export interface DecodedState {
  readonly data: Json;
  /** By our own clock, in ms since 1970. */
  readonly reconciledAt: number;
  readonly unstored: Unstored;
}

/** A stored state, and whether an older revision of the stream wrote it, whose rows lack newer columns. */
export interface StoredState extends DecodedState {
  readonly isOutdated: boolean;
}

/**
 * Encodes a stream's own state together with its revision, its last reconcile, and the rows it could not store.
 */
export function encodeState(stream: Pick<Stream, "name" | "revision">, decoded: DecodedState): State {
  const { reconciledAt, unstored } = decoded;
  const text = JSON.stringify(decoded.data);
  // Ids may contain what JSON columns reject, such as a lone surrogate. Then store the data as text.
  const data = HALF_PAIR.test(text) ? { data_text: text } : { data: decoded.data };
  const texts = Object.entries(unstored).map(([table, rows]) => [table, rows.map((row) => JSON.stringify(row))]);
  const value = {
    revision: stream.revision,
    ...data,
    reconciled_at: reconciledAt,
    unstored: Object.fromEntries(texts),
  };
  return { version: VERSION, value };
}

/** Stored with rows while the stream has no valid state yet: the next sync is a first one. */
export const noState: State = { version: VERSION, value: { none: true } };

/**
 * Decodes a stream's stored state, and migrates it to this version. Undefined if there is none.
 *
 * @throws SyncError `NEWER_STATE` for a state of a newer release, `INVALID_STATE` for one that no release wrote.
 */
export function decodeState(
  stream: Pick<Stream, "name" | "revision">,
  state: State | undefined,
): StoredState | undefined {
  if (!state) return undefined;
  const where = `The stored state of stream ${stream.name}`;
  if (state.version > VERSION) {
    throw new SyncError(
      "NEWER_STATE",
      `${where} has version ${state.version}; this release knows up to ${VERSION}. Install the release that wrote it, or a newer one.`,
    );
  }
  const value = migrated(state);
  if (value?.none === true) return undefined;
  const unstored = parseUnstored(value?.unstored);
  const data = typeof value?.data_text === "string" ? parseText(value.data_text) : value?.data;
  if (!value || typeof value.revision !== "number" || data === undefined || !unstored) {
    throw new SyncError(
      "INVALID_STATE",
      `${where} is broken: ${JSON.stringify(state.value).slice(0, 100)}. A full refresh of the stream writes a new one.`,
    );
  }
  if (value.revision > stream.revision) {
    throw new SyncError(
      "NEWER_STATE",
      `${where} is of revision ${value.revision}; this release knows up to ${stream.revision}. Install the release that wrote it, or a newer one.`,
    );
  }
  const reconciledAt = isMoment(value.reconciled_at) ? value.reconciled_at : 0;
  return { data, reconciledAt, unstored, isOutdated: value.revision < stream.revision };
}

/** The rows that a stored state lists as unstored. None if the state cannot be read. */
export function unstoredRows(state: State | undefined): Unstored {
  return (state && parseUnstored(migrated(state)?.unstored)) ?? {};
}

/** A stream's progress, from its state. */
export interface StateDescription {
  /**
   * `synced`: at least one sync has completed. `unfinished`: the first one has not. `unreadable`: the stored state is
   * broken; a full refresh of the stream replaces it.
   */
  readonly status: "synced" | "unfinished" | "unreadable";
  /**
   * The server's time from which the next sync continues (minus its overlap), as UTC text. Null unless `synced`.
   */
  readonly position: string | null;
  /**
   * When deletions were last looked for, by that machine's clock, as UTC text. Null if unknown.
   */
  readonly reconciledAt: string | null;
  /**
   * How far back the table's history is complete, as UTC text: how far a first sync has got, or where a limited history
   * begins. Null: it is complete, or nothing of it is yet.
   */
  readonly historySince: string | null;
  /** What is left to read later for stored rows, such as earlier attempts. Null: nothing. */
  readonly outstanding: Outstanding | null;
}

/** Describes a stored state. @param state undefined if it cannot be read */
export function describeStreamState(state: State | undefined): StateDescription {
  const none = { position: null, reconciledAt: null, historySince: null, outstanding: null };
  if (!state) return { status: "unreadable", ...none };
  const { data, reconciled_at: at } = (migrated(state) ?? {}) as { readonly [key: string]: Json | undefined };
  const position = parsePosition((data as { readonly position?: unknown } | null | undefined)?.position);
  const { history, floor } = (data ?? {}) as {
    readonly history?: { readonly before?: unknown };
    readonly floor?: unknown;
  };
  if (!position) return { status: "unfinished", ...none, historySince: textOf(history?.before) };
  const reconciledAt = isMoment(at) && at > 0 ? new Date(at).toISOString() : null;
  const outstanding = parseOutstanding((data as { readonly outstanding?: unknown }).outstanding);
  const synced = { status: "synced", position: new Date(position.server).toISOString(), reconciledAt } as const;
  return { ...synced, historySince: textOf(floor), outstanding };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function parseOutstanding(value: unknown): Outstanding | null {
  const { what, before } = (value ?? {}) as Partial<Outstanding>;
  return typeof what === "string" ? { what, before: typeof before === "string" ? before : null } : null;
}

function migrated({ version, value }: State): Record<string, Json> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  let current = value as Record<string, Json>;
  for (let from = version; from < VERSION; from += 1) current = migrations[from]?.(current) ?? current;
  return current;
}

function parseText(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function parseUnstored(value: Json | undefined): Unstored | undefined {
  try {
    const tables = Object.entries(value as Record<string, readonly string[]>);
    return Object.fromEntries(tables.map(([table, rows]) => [table, rows.map((row) => JSON.parse(row))]));
  } catch {
    return undefined;
  }
}
