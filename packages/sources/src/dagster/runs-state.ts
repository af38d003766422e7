import { isMoment, type Position, parsePosition } from "@org/sync-engine/source";
import type { ServerVersion } from "./definitions.ts";
import type { Frame } from "./frame.ts";

/** How far a first sync is. */
export type RunsHistory = {
  /** The server's clock when the first sync began: where the first window begins. */
  readonly start: Position;
  /** The newest runs when it began; none before its first page. */
  readonly head?: readonly string[];
  /** Everything up to here is stored; none before its first page. */
  readonly pageToken?: string;
  readonly frame?: Frame;
  readonly server?: ServerVersion;
  /** Runs that were too large to be read: they are asked for again. */
  readonly unread?: readonly string[];
};

/** The last sync that came to its end. */
export type RunsPosition = {
  readonly position: Position;
  /** The server's clock when it began, ms since 1970: what the table shows. It moves where no run ends, too. */
  readonly asOf?: number;
  /** The newest runs that it saw: the next sync reads from the newest one until it meets one of them. */
  readonly head: readonly string[];
  /** The last runs that were read again: from there on they are, next time. None where that begins anew. */
  readonly reread?: readonly string[];
  readonly frame?: Frame;
  /** Whose answers the table holds. */
  readonly server?: ServerVersion;
  /** Runs that were too large to be read: they are asked for again. */
  readonly unread?: readonly string[];
};

/** The state of the runs: a first sync under way, or where the last sync ended. */
export type RunsState = { readonly history: RunsHistory } | RunsPosition;

/**
 * The state as it was stored. Without one that can be used, everything is read: that never loses a row. A position that a
 * wrong clock wrote cannot be used. So it is where
 * the server has fields now that it lacked when the table was filled.
 *
 * @param start the clocks at present
 * @param lacks the fields of a run that the server lacks
 */
export function parseRunsState(value: unknown, start: Position, lacks: readonly string[] = []): RunsState {
  const { history, ...last } = (typeof value === "object" && value ? value : {}) as Record<string, unknown>;
  const filled = (history ?? last) as Record<string, unknown>;
  const { server } = parseServer(filled.server);
  if (server?.lacks.some((field) => !lacks.includes(field))) {
    return { history: { start, ...parseFrame(filled.frame), server } };
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
    };
    return { position, head, ...(reread && { reread }), ...kept };
  }

  const begun = (typeof history === "object" && history ? history : {}) as Record<string, unknown>;
  const began = parsePosition(begun.start, start);
  const beginning = parseIds(begun.head);
  if (!began || !beginning || typeof begun.pageToken !== "string") return { history: { start } };
  const { pageToken } = begun;
  const kept = { ...parseFrame(begun.frame), ...parseServer(begun.server), ...parseUnread(begun.unread) };
  return { history: { start: began, head: beginning, pageToken, ...kept } };
}

function parseIds(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((id) => typeof id === "string") ? value : undefined;
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

/** Whether a value is how far one time zone may be from another, in seconds. */
function isOffset(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 24 * 3600;
}

function parseServer(value: unknown): { readonly server?: ServerVersion } {
  if (typeof value !== "object" || value === null) return {};
  const { version, lacks } = value as Record<string, unknown>;
  const fields = parseIds(lacks);
  return typeof version === "string" && fields ? { server: { version, lacks: fields } } : {};
}
