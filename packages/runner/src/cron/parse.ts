/**
 * Parses cron expressions as croniter does, which both Dagster and Airflow use: five fields, names, `L`, `5#3`, `L5`,
 * and ranges that wrap around, such as `fri-mon`. No parser on npm supports all of these.
 */
import { RunnerError } from "../errors.ts";

/** A parsed expression, in wall-clock time. */
export interface Cron {
  /** Sorted, without duplicates. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Whether every hour matches. Such schedules go by elapsed time at daylight-saving transitions. */
  readonly everyHour: boolean;
  /** Whether a day matches. @param month 1 to 12 */
  fits(year: number, month: number, day: number): boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values, starting at `min`. */
  readonly names?: readonly string[];
  /** Numbers that stand for another one. */
  readonly alias?: Readonly<Record<number, number>>;
}

const minute: Field = { name: "minute", min: 0, max: 59 };
const hour: Field = { name: "hour", min: 0, max: 23 };
const dayOfMonth: Field = { name: "day of month", min: 1, max: 31 };
const month: Field = {
  ...{ name: "month", min: 1, max: 12 },
  names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const dayOfWeek: Field = {
  ...{ name: "day of week", min: 0, max: 6, alias: { 7: 0 } },
  names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const aliases: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** What is wrong with an expression, as the rest of a sentence. Undefined if it is valid. */
export function checkCron(expression: string): string | undefined {
  try {
    parseCron(expression);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/\.$/, "");
  }
}

/**
 * @param expression five fields, `0 6 * * mon-fri`, or one of `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`,
 * `@yearly` and `@annually`
 * @throws RunnerError `INVALID_CRON`. The message says what to change, and does not quote the expression.
 */
export function parseCron(expression: string): Cron {
  const text = expression.trim().toLowerCase();
  const fields = (aliases[text] ?? text).split(/\s+/);
  if (text.startsWith("@") && !Object.hasOwn(aliases, text)) {
    throw invalid(`is not one of ${Object.keys(aliases).join(", ")}`);
  }
  if (fields.length !== 5) {
    throw invalid(
      `must have 5 fields (minute, hour, day of month, month, day of week), not ${fields.length}` +
        (fields.length === 6 ? ": seconds are not supported, use interval_seconds" : ""),
    );
  }
  const [minutes, hours, days, months, weekdays] = fields as [string, string, string, string, string];
  const monthSet = new Set(valuesOf(months, month));
  const fitsDay = dayRule(days, weekdays);
  const dayList = /^[\d,\-/]+$/.test(days) && isAny(weekdays) ? valuesOf(days, dayOfMonth) : [1];
  if (![...monthSet].some((each) => dayList.some((day) => day <= longest[each - 1]!))) {
    throw invalid("never matches: none of its months has that day");
  }
  const allHours = valuesOf(hours, hour);
  return {
    minutes: valuesOf(minutes, minute),
    hours: allHours,
    everyHour: allHours.length === 24,
    fits: (year, monthNumber, day) => monthSet.has(monthNumber) && fitsDay(year, monthNumber, day),
  };
}

const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

type DayRule = (year: number, month: number, day: number) => boolean;

/** If both fields restrict the days, a day must match either. */
function dayRule(days: string, weekdays: string): DayRule {
  const byDay = isAny(days) ? undefined : dayOfMonthRule(days);
  const byWeekday = isAny(weekdays) ? undefined : weekdayRule(weekdays);
  if (byDay && byWeekday) return (...date) => byDay(...date) || byWeekday(...date);
  return byDay ?? byWeekday ?? (() => true);
}

const isAny = (text: string) => text === "*" || text === "?" || text === "*/1";

function dayOfMonthRule(text: string): DayRule {
  const parts = text.split(",");
  const last = parts.includes("l");
  const numbers = parts.filter((part) => part !== "l").map((part) => part.replace(/-l$/, "-31"));
  const set = new Set(numbers.length > 0 ? valuesOf(numbers.join(","), dayOfMonth) : []);
  return (year, monthNumber, day) => set.has(day) || (last && day === daysIn(year, monthNumber));
}

function weekdayRule(text: string): DayRule {
  const parts = text.split(",");
  const special = parts.flatMap((part) => specialWeekday(part) ?? []);
  if (special.length > 0 && special.length < parts.length) {
    throw invalid("mixes weekdays that use # or L with plain ones: use two schedules");
  }
  if (special.length > 0) return (...date) => special.some((fits) => fits(...date));
  const set = new Set(valuesOf(text, dayOfWeek));
  return (year, monthNumber, day) => set.has(weekdayOf(year, monthNumber, day));
}

/** `5#3` is the third Friday, `L5` the last. */
function specialWeekday(part: string): DayRule | undefined {
  const [, nthDay, nth, lastDay] = /^(?:(\w+)#(\d)|l(\d))$/.exec(part) ?? [];
  const name = nthDay ?? lastDay;
  if (name === undefined) return undefined;
  const weekday = numberOf(name, dayOfWeek);
  if (nth !== undefined && !/[1-5]/.test(nth)) throw invalid("has an invalid number after #: it must be from 1 to 5");
  return (year, monthNumber, day) => {
    if (weekdayOf(year, monthNumber, day) !== weekday) return false;
    return nth === undefined ? day + 7 > daysIn(year, monthNumber) : Math.ceil(day / 7) === Number(nth);
  };
}

/** The values of one field, sorted. */
function valuesOf(text: string, field: Field): readonly number[] {
  const values = new Set(text.split(",").flatMap((part) => partValues(part, field)));
  return [...values].sort((a, b) => a - b);
}

function partValues(part: string, field: Field): readonly number[] {
  const { name, min, max } = field;
  const [, from, to, step] = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  if (from === undefined || ((from === "*" || from === "?") && to !== undefined)) {
    throw invalid(`has an invalid ${name}`);
  }
  if (from === "?" && field !== dayOfMonth && field !== dayOfWeek) throw invalid(`has ? as its ${name}: use *`);
  const every = step === undefined ? 1 : Number(step);
  if (every === 0) throw invalid(`has a step of 0 in its ${name}: use 1 or more`);
  const isAll = from === "*" || from === "?";
  const low = isAll ? min : numberOf(from, field);
  const high = to !== undefined ? numberOf(to, field) : isAll || step !== undefined ? max : low;
  // A range that ends where it starts wraps around completely: sun-sun, 0-7.
  if (to !== undefined && low === high) return range(min, max, every);
  if (low <= high) return range(low, high, every);
  // Wraps around: on to the end, then from the start, keeping the step as croniter does.
  const first = range(low, max, every);
  const size = max - min + 1;
  const left = max - first.at(-1)!;
  const skipped = first.at(-1)! - min + every > size && left < every ? every - left : 0;
  return [...first, ...range(min + skipped, high, every)];
}

function range(low: number, high: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((high - low) / step) + 1) }, (_, index) => low + index * step);
}

function numberOf(text: string, { name, min, max, names = [], alias }: Field): number {
  const index = names.indexOf(text);
  const number = index >= 0 ? index + min : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  const value = alias?.[number] ?? number;
  if (value >= min && value <= max) return value;
  const known = names.length > 0 ? `, or a name such as ${names[1]}` : "";
  throw invalid(`has an invalid ${name}: it must be from ${min} to ${max}${known}`);
}

const daysIn = (year: number, monthNumber: number) => new Date(Date.UTC(year, monthNumber, 0)).getUTCDate();
const weekdayOf = (year: number, monthNumber: number, day: number) =>
  new Date(Date.UTC(year, monthNumber - 1, day)).getUTCDay();

const invalid = (reason: string) => new RunnerError("INVALID_CRON", `${reason}.`);
