/** What the host keeps for us between two runs, stream by stream. */
import type { Json, State } from "@org/destination";
import { describeStreamState } from "@org/sync-engine";
import { UsageError } from "../errors.ts";

/** A stream's state as the host keeps it. A type, since it is JSON. */
export type HostState = {
  /** The server that it is about: its kind and address. */
  readonly source: string;
  /** The engine's state. */
  readonly version: number;
  readonly value: Json;
  /** The latest `_synced_at` of a record, in microseconds since 1970: later ones are larger, whatever the clock says. */
  readonly synced_at: string;
  /** With a store: the number of the last deletion that was written; null without one. */
  readonly deletions: number | null;
};

/** @throws UsageError for anything that no release wrote, or that is about another server */
export function parseHostState(
  value: unknown,
  { where, source, hasStore }: { readonly where: string; readonly source: string; readonly hasStore: boolean },
): HostState {
  const state = (typeof value === "object" && value !== null ? value : {}) as Partial<HostState>;
  const isOurs =
    typeof state.source === "string" &&
    Number.isSafeInteger(state.version) &&
    state.value !== undefined &&
    typeof state.synced_at === "string" &&
    /^\d{1,19}$/.test(state.synced_at) &&
    (state.deletions === null || Number.isSafeInteger(state.deletions));
  if (!isOurs) {
    throw new UsageError(`${where} is not a state that dagsync wrote. Clear it, and everything is read again.`);
  }
  if (state.source !== source) {
    throw new UsageError(
      `${where} is about ${state.source}, and the configuration names ${source}. Clear the state to read everything ` +
        "from there, or set the former address again.",
    );
  }
  if (state.deletions !== null && !hasStore) {
    throw new UsageError(
      `${where} was written with a store, which the configuration no longer names. Name it again ("store"), or clear ` +
        "the state to read everything without one.",
    );
  }
  return state as HostState;
}

/** Whether the first sync that wrote it did not come to its end. */
export function isUnfinished(state: HostState): boolean {
  return describeStreamState(engineState(state)).status === "unfinished";
}

/** The engine's part of it. */
export function engineState({ version, value }: HostState): State {
  return { version, value };
}
