/** Every part within its range, except for the days of a month. */
const pattern =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/;

/**
 * A timestamp as tables hold it: UTC, exactly six fractional digits, `Z`. Equal instants become equal texts, and text
 * order is time order.
 *
 * @throws TypeError for text that is not a date with a time zone, for a date that does not exist, and for years that a
 * timestamp cannot express: a row is never stored with a guessed time.
 */
export function timestamp(text: string): string;
export function timestamp(text: string | null | undefined): string | null;
export function timestamp(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const found = parse(text);
  if (found === undefined) throw new TypeError(`Not a date and time with a timezone: ${JSON.stringify(text)}`);
  return found;
}

/**
 * The same for a row's column, except that an invalid timestamp stays unchanged: no destination accepts it, so its row
 * is reported with that column, and does not block the others.
 */
export function timeColumn(text: string): string;
export function timeColumn(text: string | null | undefined): string | null;
export function timeColumn(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : (parse(text) ?? text);
}

/** Whether {@link timestamp} accepts this time. */
export function isTimestamp(text: string | null | undefined): text is string {
  return typeof text === "string" && parse(text) !== undefined;
}

function parse(text: string): string | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, date, time, fraction = "", zone] = match as unknown as [string, string, string, string | undefined, string];
  const isUtc = zone === "Z" || zone === "+00:00";
  // Every month has a 28th; Date turns a day that does not exist into another one.
  if (date.slice(8) > "28" && new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date) return undefined;
  const seconds =
    isUtc && date >= "0001" ? `${date}T${time}` : secondsText(Date.parse(`${date}T${time}Z`) - offsetMs(zone));
  return seconds && `${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}Z`;
}

/** How far a time zone such as `+05:30` or `-1130` is ahead of UTC. */
function offsetMs(zone: string): number {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone === "Z" ? 0 : (zone[0] === "-" ? -minutes : minutes) * 60_000;
}

/** `2026-11-21T09:30:00`, or undefined for a year outside 0001 to 9999. */
function secondsText(milliseconds: number): string | undefined {
  if (!(Math.abs(milliseconds) <= 8.64e15)) return undefined;
  const text = new Date(milliseconds).toISOString();
  return /^\d{4}-/.test(text) && !text.startsWith("0000") ? text.slice(0, 19) : undefined;
}

/** Milliseconds since 1970 as a timestamp. */
export function timestampOf(milliseconds: number): string {
  return timestamp(new Date(milliseconds).toISOString());
}

/**
 * Seconds since 1970, as a JSON number, to the nearest microsecond. A time that no timestamp can express stays
 * unchanged, and no destination accepts it: see {@link timeColumn}.
 */
export function timestampOfSeconds(seconds: number): string {
  let whole = Math.floor(seconds);
  let micros = Math.round((seconds - whole) * 1e6);
  if (micros === 1_000_000) {
    whole += 1;
    micros = 0;
  }
  const text = secondsText(whole * 1000);
  return text ? `${text}.${String(micros).padStart(6, "0")}Z` : String(seconds);
}

/** One microsecond earlier: turns an open upper bound into a closed one. */
export function justBefore(time: string): string {
  const micros = Number(time.slice(20, 26));
  if (micros > 0) return `${time.slice(0, 20)}${String(micros - 1).padStart(6, "0")}Z`;
  return `${new Date(Date.parse(`${time.slice(0, 19)}Z`) - 1000).toISOString().slice(0, 19)}.999999Z`;
}

/** One microsecond later. */
export function justAfter(time: string): string {
  const micros = Number(time.slice(20, 26));
  if (micros < 999_999) return `${time.slice(0, 20)}${String(micros + 1).padStart(6, "0")}Z`;
  return `${new Date(Date.parse(`${time.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19)}.000000Z`;
}
