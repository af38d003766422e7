import type { Json, State } from "@org/destination";
import { SyncError } from "./errors.ts";
import type { Outstanding } from "./events.ts";
import { isMoment, parsePosition } from "./position.ts";
import type { Stream } from "./stream.ts";
import type { Unstored } from "./unstored.ts";

/** The format of what {@link encodeState} writes. */
const VERSION = 4;

/** How JSON.stringify writes half of a surrogate pair. */
const HALF_PAIR = /\\ud[89a-f][0-9a-f]{2}/;

/** What makes a value of a version one of the next. */
const migrations: Readonly<Record<number, (value: Record<string, Json>) => Record<string, Json>>> = {
  // Before deletions were looked for, no state said when: they are due.
  1: (value) => ({ ...value, reconciled_at: 0 }),
  // Before rows could be skipped, one that could not be stored ended its stream.
  2: (value) => ({ ...value, unstored: {} }),
  // The streams of Airflow keep what is missing in another form, and read the one before by themselves.
  3: (value) => value,
};

/** What a stream said last, when it last looked for deletions, and which rows it could not store. */
export interface DecodedState {
  readonly data: Json;
  /** By our own clock, ms since 1970. */
  readonly reconciledAt: number;
  readonly unstored: Unstored;
}

/** A stored state, and whether an older revision of the stream wrote it: its rows lack what is new. */
export interface StoredState extends DecodedState {
  readonly isOutdated: boolean;
}

/**
 * A stream's own state, with the revision of the stream that wrote it, its last reconcile, and what it could not store.
 */
export function encodeState(stream: Pick<Stream, "name" | "revision">, decoded: DecodedState): State {
  const { reconciledAt, unstored } = decoded;
  const text = JSON.stringify(decoded.data);
  // What a server calls its rows may be what no state can hold, such as half of a surrogate pair: then it is a text.
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

/** What is stored beside rows where a stream has no state that is true: the next sync is a first one. */
export const noState: State = { version: VERSION, value: { none: true } };

/**
 * What a stream said last, or undefined where it never said anything. A state of an older version is brought to this
 * one.
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

/** The rows that a stored state names because they could not be stored; none where it cannot be read. */
export function unstoredRows(state: State | undefined): Unstored {
  return (state && parseUnstored(migrated(state)?.unstored)) ?? {};
}

/** How far a stream is, as its state says. */
export interface StateDescription {
  /**
   * `synced`: it was read to its end once. `unfinished`: its first sync was not. `unreadable`: the stored state is
   * broken, and a full refresh of the stream writes a new one.
   */
  readonly status: "synced" | "unfinished" | "unreadable";
  /**
   * The server's time from which the next sync continues (minus its overlap), as UTC text; null unless it is `synced`.
   */
  readonly position: string | null;
  /**
   * When deletions were last looked for, by the clock of the machine that did, as UTC text; null where no state says
   * it.
   */
  readonly reconciledAt: string | null;
  /** What is left to be read later of rows that are stored, such as earlier attempts; null where nothing is. */
  readonly outstanding: Outstanding | null;
}

/** What a stored state says to people; undefined stands for one that cannot be read. */
export function describeValue(state: State | undefined): StateDescription {
  const none = { position: null, reconciledAt: null, outstanding: null };
  if (!state) return { status: "unreadable", ...none };
  const { data, reconciled_at: at } = (migrated(state) ?? {}) as { readonly [key: string]: Json | undefined };
  const position = parsePosition((data as { readonly position?: unknown } | null | undefined)?.position);
  if (!position) return { status: "unfinished", ...none };
  const reconciledAt = isMoment(at) && at > 0 ? new Date(at).toISOString() : null;
  const outstanding = parseOutstanding((data as { readonly outstanding?: unknown }).outstanding);
  return { status: "synced", position: new Date(position.server).toISOString(), reconciledAt, outstanding };
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
