import type { Json, State } from "@org/destination";
import { SyncError } from "./errors.ts";
import type { Stream } from "./source.ts";

/** The format of what {@link encodeState} writes. */
const VERSION = 1;

/** What a stream said last, and when it last looked for deletions. */
export interface DecodedState {
  readonly data: Json;
  /** By our own clock, ms since 1970. */
  readonly reconciledAt: number;
}

/** A stream's own state, with the revision of the stream that wrote it and its last reconcile. */
export function encodeState(stream: Pick<Stream, "name" | "revision">, { data, reconciledAt }: DecodedState): State {
  return { version: VERSION, value: { revision: stream.revision, data, reconciled_at: reconciledAt } };
}

/**
 * What a stream said last, or undefined where it has to read its history: it never said anything, or an older revision
 * of it did.
 *
 * @throws SyncError `NEWER_STATE` for a state of a newer release, `INVALID_STATE` for one that no release wrote.
 */
export function decodeState(
  stream: Pick<Stream, "name" | "revision">,
  state: State | undefined,
): DecodedState | undefined {
  if (!state) return undefined;
  const where = `The stored state of stream ${stream.name}`;
  if (state.version > VERSION) {
    throw new SyncError(
      "NEWER_STATE",
      `${where} has version ${state.version}; this release knows up to ${VERSION}. Install the release that wrote it, or a newer one.`,
    );
  }
  const value = state.value as { revision?: unknown; data?: Json; reconciled_at?: unknown } | null;
  if (typeof value !== "object" || value === null || typeof value.revision !== "number" || value.data === undefined) {
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
  const reconciledAt = typeof value.reconciled_at === "number" ? value.reconciled_at : 0;
  return value.revision === stream.revision ? { data: value.data, reconciledAt } : undefined;
}
