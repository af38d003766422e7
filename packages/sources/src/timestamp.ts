const pattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})$/;

/**
 * A timestamp as tables hold it: UTC, exactly six fractional digits, `Z`. Equal instants become equal texts, and text
 * order is time order.
 *
 * @throws TypeError for text that is no date with a timezone: a row is never stored with a time that was guessed.
 */
export function timestamp(text: string): string;
export function timestamp(text: string | null | undefined): string | null;
export function timestamp(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const match = pattern.exec(text);
  if (!match) throw new TypeError(`Not a date and time with a timezone: ${JSON.stringify(text)}`);
  const [, date, time, fraction = "", zone] = match;
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  if (zone === "Z" || zone === "+00:00") return `${date}T${time}.${micros}Z`;
  return `${new Date(`${date}T${time}${zone}`).toISOString().slice(0, 19)}.${micros}Z`;
}

/** Milliseconds since 1970 as a timestamp. */
export function timestampOf(milliseconds: number): string {
  return timestamp(new Date(milliseconds).toISOString());
}

/** Seconds since 1970, as a number that JSON carried, to the nearest microsecond. */
export function timestampOfSeconds(seconds: number): string {
  const micros = Math.round((seconds % 1) * 1e6) + Math.floor(seconds - (seconds % 1)) * 1e6;
  const whole = Math.floor(micros / 1e6);
  const rest = Math.round(micros - whole * 1e6);
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}.${String(rest).padStart(6, "0")}Z`;
}

/** One microsecond before: turns an open upper bound into a closed one. */
export function justBefore(time: string): string {
  const micros = Number(time.slice(20, 26));
  if (micros > 0) return `${time.slice(0, 20)}${String(micros - 1).padStart(6, "0")}Z`;
  return `${new Date(Date.parse(`${time.slice(0, 19)}Z`) - 1000).toISOString().slice(0, 19)}.999999Z`;
}

/** One microsecond after. */
export function justAfter(time: string): string {
  const micros = Number(time.slice(20, 26));
  if (micros < 999_999) return `${time.slice(0, 20)}${String(micros + 1).padStart(6, "0")}Z`;
  return `${new Date(Date.parse(`${time.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19)}.000000Z`;
}
