import { isMoment, type Position, parsePosition } from "@org/sync-engine/source";
import { isTimestamp } from "../timestamp.ts";
import type { ServerVersion } from "./definitions.ts";
import type { Frame } from "./frame.ts";

/** What a longer limit adds to the history, while it is read. */
export type Widening = {
  /** The new floor; none: everything. */
  readonly floor?: string;
  /** Everything up to here is stored; none before its first page. */
  readonly pageToken?: string;
};

/** The progress of a first sync. */
export type RunsHistory = {
  /** The server's clock when the first sync started: the start of the first window. */
  readonly start: Position;
  /** The newest runs when it started; none before its first page. */
  readonly head?: readonly string[];
  /** Everything up to here is stored; none before its first page. */
  readonly pageToken?: string;
  /** Where a limited history begins, as UTC text: see runs-limit.ts. */
  readonly floor?: string;
  /** Whether the table had rows before: they are read again, so a shorter limit has to wait. */
  readonly isRenewal?: boolean;
  readonly frame?: Frame;
  readonly server?: ServerVersion;
  /** Runs that were too large to be read: they are requested again. */
  readonly unread?: readonly string[];
};

/** The last complete sync. */
export type RunsPosition = {
  readonly position: Position;
  /** The server's clock when it started, ms since 1970: what the table shows. It moves even if no run ends. */
  readonly asOf?: number;
  /** The newest runs that it saw: the next sync reads from the newest one until it finds one of them. */
  readonly head: readonly string[];
  /** The last re-read runs: the next re-read continues there. None if it starts over. */
  readonly reread?: readonly string[];
  /** Where a limited history begins, as UTC text: see runs-limit.ts. */
  readonly floor?: string;
  readonly widening?: Widening;
  readonly frame?: Frame;
  /** The server whose responses the table holds. */
  readonly server?: ServerVersion;
  /** Runs that were too large to be read: they are requested again. */
  readonly unread?: readonly string[];
};

/** The state of the runs: a first sync in progress, or the position of the last sync. */
export type RunsState = { readonly history: RunsHistory } | RunsPosition;

/**
 * Parses the stored state. Without a usable one everything is read, which never loses a row. A position written by a
 * wrong clock is unusable. So is any state if the server now has fields that it lacked when the table was filled.
 *
 * @param start the current clocks
 * @param lacks the fields of a run that the server lacks
 */
export function parseRunsState(value: unknown, start: Position, lacks: readonly string[] = []): RunsState {
  const { history, ...last } = (typeof value === "object" && value ? value : {}) as Record<string, unknown>;
  const filled = (history ?? last) as Record<string, unknown>;
  const { server } = parseServer(filled.server);
  const anew = { ...parseFloor(filled.floor), ...parseRenewal(filled) };
  if (server?.lacks.some((field) => !lacks.includes(field))) {
    return { history: { start, ...parseFrame(filled.frame), server, ...anew } };
  }
  const position = parsePosition(last.position, start);
  const head = parseIds(last.head);
  const reread = parseIds(last.reread);
  if (position && head) {
    const kept = {
      ...(isMoment(last.asOf) && { asOf: last.asOf }),
      ...parseFrame(last.frame),
      ...parseServer(last.server),
      ...parseUnread(last.unread),
      ...parseFloor(last.floor),
      ...parseWidening(last.widening),
    };
    return { position, head, ...(reread && { reread }), ...kept };
  }

  const begun = (typeof history === "object" && history ? history : {}) as Record<string, unknown>;
  const began = parsePosition(begun.start, start);
  const beginning = parseIds(begun.head);
  if (!began || !beginning || typeof begun.pageToken !== "string") return { history: { start, ...anew } };
  const { pageToken } = begun;
  const kept = { ...parseFrame(begun.frame), ...parseServer(begun.server), ...parseUnread(begun.unread) };
  const limit = { ...parseFloor(begun.floor), ...(begun.isRenewal === true && { isRenewal: true }) };
  return { history: { start: began, head: beginning, pageToken, ...kept, ...limit } };
}

function parseIds(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((id) => typeof id === "string") ? value : undefined;
}

function parseFloor(value: unknown): { readonly floor?: string } {
  return typeof value === "string" && isTimestamp(value) ? { floor: value } : {};
}

function parseWidening(value: unknown): { readonly widening?: Widening } {
  if (typeof value !== "object" || value === null) return {};
  const { floor, pageToken } = value as Record<string, unknown>;
  return { widening: { ...parseFloor(floor), ...(typeof pageToken === "string" && { pageToken }) } };
}

/**
 * Whether the table has rows already: those of a complete sync, or of a first one that must start again. They may have
 * changed before a shorter limit begins.
 */
function parseRenewal({ isRenewal, position, start, head }: Record<string, unknown>): { readonly isRenewal?: true } {
  return isRenewal === true || ((position ?? start) !== undefined && parseIds(head)) ? { isRenewal: true } : {};
}

function parseUnread(value: unknown): { readonly unread?: readonly string[] } {
  const unread = parseIds(value);
  return unread && unread.length > 0 ? { unread } : {};
}

function parseFrame(value: unknown): { readonly frame?: Frame } {
  if (typeof value !== "object" || value === null) return {};
  const { shown, filter } = value as Record<string, unknown>;
  return isOffset(shown) && isOffset(filter) ? { frame: { shown, filter } } : {};
}

/** Whether a value is a possible difference between time zones, in seconds. */
function isOffset(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 24 * 3600;
}

function parseServer(value: unknown): { readonly server?: ServerVersion } {
  if (typeof value !== "object" || value === null) return {};
  const { version, lacks } = value as Record<string, unknown>;
  const fields = parseIds(lacks);
  return typeof version === "string" && fields ? { server: { version, lacks: fields } } : {};
}
