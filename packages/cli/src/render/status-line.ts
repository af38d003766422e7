/** What a stream is doing, as one line. */
import { grouped } from "./table.ts";

export interface Status {
  readonly stream: string;
  /** Instead of everything else, such as `waiting for the server`. */
  readonly waiting?: string | undefined;
  readonly rows: number;
  readonly requests: number;
  readonly rowsPerSecond?: number | undefined;
  /** A part of the stream whose size is known or which goes back in time, such as its history. */
  readonly part?:
    | {
        /** In words, if it is not the history. */
        readonly what?: string | undefined;
        /** Read and all, in whatever unit. All is undefined if unknown. */
        readonly done: number;
        readonly total: number | undefined;
        readonly leftMs?: number | undefined;
        /** Everything since this time is read, as UTC text. */
        readonly backTo?: string | undefined;
      }
    | undefined;
}

/** A piece of the line, and how important it is: the least important ones go if there is no room. */
type Piece = readonly [text: string, importance: number];

const LEAST_BAR = 8;
const LONGEST_BAR = 24;
/** As that of a {@link Piece}. */
const BAR_IMPORTANCE = 6.5;

/**
 * @param now the current time, in ms since 1970: dates of this year are shown without it
 * @param width if given, the line fits into it, and shows a bar if the total is known
 */
export function statusLine(status: Status, now: number, width?: number): string {
  if (status.waiting !== undefined) return `${status.stream}: ${status.waiting}`;
  const share = shareOf(status);
  const pieces = piecesOf(status, now);
  if (width === undefined) return `${status.stream}: ${textOf(pieces)}`;
  const head = `${status.stream}${share === undefined ? ": " : " "}`;
  const room = () => width - head.length - textOf(pieces).length;
  let needed = share === undefined ? 0 : LEAST_BAR + 1;
  while (pieces.length > 1 && room() < needed) {
    const least = Math.min(...pieces.map(([, importance]) => importance));
    if (least > BAR_IMPORTANCE && needed > 0) {
      needed = 0;
      continue;
    }
    const index = pieces.findIndex(([, importance]) => importance === least);
    pieces.splice(index, 1);
  }
  const bar =
    share !== undefined && needed > 0 && room() >= needed ? `${barOf(share, Math.min(LONGEST_BAR, room() - 1))} ` : "";
  return `${head}${bar}${textOf(pieces)}`;
}

function textOf(pieces: readonly Piece[]): string {
  return pieces.map(([text]) => text).join(", ");
}

function shareOf({ part }: Pick<Status, "part">): number | undefined {
  return part?.total ? Math.min(1, part.done / part.total) : undefined;
}

function piecesOf({ rows, requests, rowsPerSecond, part }: Status, now: number): Piece[] {
  const share = shareOf({ part });
  const pieces: (Piece | false | 0 | undefined)[] = [
    share !== undefined && [`${Math.floor(share * 100)} %`, 9],
    part?.leftMs !== undefined && [`${timeText(part.leftMs)} left`, 8],
    part?.what !== undefined && [
      part.total === undefined ? part.what : `${part.what}: ${grouped(part.total - part.done)}`,
      7,
    ],
    // The earlier attempts of a row are few, and come with the row itself.
    part?.what === undefined && [counted(rows, "row"), 3],
    rowsPerSecond && [`${grouped(Math.round(rowsPerSecond))} rows/s`, 5],
    part?.backTo !== undefined && [`back to ${dateText(part.backTo, now)}`, 6],
    [counted(requests, "request"), 2],
  ];
  return pieces.filter((piece) => typeof piece === "object");
}

/** `━━━━━───` */
function barOf(share: number, width: number): string {
  const full = Math.floor(share * width);
  return `${"━".repeat(full)}${"─".repeat(width - full)}`;
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** Rounded up, in one unit: an estimate is not more precise. */
function timeText(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** `12 Oct`, or `12 Oct 2025` in another year. In UTC, like the data. */
function dateText(time: string, now: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time.slice(0, 10);
  const isThisYear = date.getUTCFullYear() === new Date(now).getUTCFullYear();
  return new Intl.DateTimeFormat("en-GB", {
    ...{ day: "numeric", month: "short", timeZone: "UTC" },
    ...(!isThisYear && { year: "numeric" }),
  }).format(date);
}
