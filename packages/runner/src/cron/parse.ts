/**
 * Cron expressions as Dagster and Airflow read them, which both use croniter: five fields, names, `L`, `5#3`, `L5`, and
 * ranges that go past the end, as in `fri-mon`. No parser of npm's reads them all.
 */
import { RunnerError } from "../errors.ts";

/** When a schedule is due, by the clock on the wall. */
export interface Cron {
  /** In order, without repetition. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Whether every hour fits: at a daylight-saving switch it goes by real time. */
  readonly everyHour: boolean;
  /** Whether a day fits. @param month 1 to 12 */
  fits(year: number, month: number, day: number): boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** What stands for the values, from the first of them on. */
  readonly names?: readonly string[];
  /** Numbers that mean another one. */
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

/** What is wrong with an expression, as the end of a sentence; undefined where nothing is. */
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
 * @throws RunnerError `INVALID_CRON`, whose message says what to change and repeats nothing
 */
export function parseCron(expression: string): Cron {
  const text = expression.trim().toLowerCase();
  const fields = (aliases[text] ?? text).split(/\s+/);
  if (text.startsWith("@") && !Object.hasOwn(aliases, text)) {
    throw invalid(`is none of ${Object.keys(aliases).join(", ")}`);
  }
  if (fields.length !== 5) {
    throw invalid(
      `must have 5 fields (minute, hour, day of month, month, day of week) and has ${fields.length}` +
        (fields.length === 6 ? ": seconds are not supported, use interval_seconds" : ""),
    );
  }
  const [minutes, hours, days, months, weekdays] = fields as [string, string, string, string, string];
  const monthSet = new Set(valuesOf(months, month));
  const fitsDay = dayRule(days, weekdays);
  const dayList = /^[\d,\-/]+$/.test(days) && weekdays === "*" ? valuesOf(days, dayOfMonth) : [1];
  if (![...monthSet].some((each) => dayList.some((day) => day <= longest[each - 1]!))) {
    throw invalid("names a day that none of its months has");
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

/** Where both fields restrict the days, a day has to fit one of them. */
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
    throw invalid("has weekdays with # or L beside others: write them as two schedules");
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
  if (nth !== undefined && !/[1-5]/.test(nth)) throw invalid("has a # that no weekday of a month has: 1 to 5");
  return (year, monthNumber, day) => {
    if (weekdayOf(year, monthNumber, day) !== weekday) return false;
    return nth === undefined ? day + 7 > daysIn(year, monthNumber) : Math.ceil(day / 7) === Number(nth);
  };
}

/** The values of one field, in order. */
function valuesOf(text: string, field: Field): readonly number[] {
  const values = new Set(text.split(",").flatMap((part) => partValues(part, field)));
  return [...values].sort((a, b) => a - b);
}

function partValues(part: string, field: Field): readonly number[] {
  const { name, min, max } = field;
  const [, from, to, step] = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  if (from === undefined || ((from === "*" || from === "?") && to !== undefined)) {
    throw invalid(`has ${article(name)} ${name} that is none`);
  }
  if (from === "?" && field !== dayOfMonth && field !== dayOfWeek) throw invalid(`has a ? as ${name}: write *`);
  const every = step === undefined ? 1 : Number(step);
  if (every === 0) throw invalid(`repeats its ${name} every 0: write a step of 1 or more`);
  const isAll = from === "*" || from === "?";
  const low = isAll ? min : numberOf(from, field);
  const high = to !== undefined ? numberOf(to, field) : isAll || step !== undefined ? max : low;
  // One that ends where it begins goes all around: sun-sun, 0-7.
  if (to !== undefined && low === high) return range(min, max, every);
  if (low <= high) return range(low, high, every);
  // Past the end, and on from the beginning as far as the steps go.
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
  throw invalid(`has ${article(name)} ${name} that is none: it must be from ${min} to ${max}${known}`);
}

const daysIn = (year: number, monthNumber: number) => new Date(Date.UTC(year, monthNumber, 0)).getUTCDate();
const weekdayOf = (year: number, monthNumber: number, day: number) =>
  new Date(Date.UTC(year, monthNumber - 1, day)).getUTCDay();

const article = (name: string) => (name === "hour" ? "an" : "a");

const invalid = (reason: string) => new RunnerError("INVALID_CRON", `${reason}.`);
