import type { Json, State } from "@org/destination";
import { SyncError } from "./errors.ts";
import { isMoment } from "./position.ts";
import type { Stream } from "./source.ts";

/** The format of what {@link encodeState} writes. */
const VERSION = 2;

/** What makes a value of a version one of the next. */
const migrations: Readonly<Record<number, (value: Record<string, Json>) => Record<string, Json>>> = {
  // Before deletions were looked for, no state said when: they are due.
  1: (value) => ({ ...value, reconciled_at: 0 }),
};

/** What a stream said last, and when it last looked for deletions. */
export interface DecodedState {
  readonly data: Json;
  /** By our own clock, ms since 1970. */
  readonly reconciledAt: number;
}

/** A stored state, and whether an older revision of the stream wrote it: its rows lack what is new. */
export interface StoredState extends DecodedState {
  readonly isOutdated: boolean;
}

/** A stream's own state, with the revision of the stream that wrote it and its last reconcile. */
export function encodeState(stream: Pick<Stream, "name" | "revision">, { data, reconciledAt }: DecodedState): State {
  return { version: VERSION, value: { revision: stream.revision, data, reconciled_at: reconciledAt } };
}

/**
 * What a stream said last, or undefined where it never said anything. A state of an older version is brought to this one.
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
  if (!value || typeof value.revision !== "number" || value.data === undefined) {
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
  return { data: value.data, reconciledAt, isOutdated: value.revision < stream.revision };
}

function migrated({ version, value }: State): Record<string, Json> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  let current = value as Record<string, Json>;
  for (let from = version; from < VERSION; from += 1) current = migrations[from]?.(current) ?? current;
  return current;
}
