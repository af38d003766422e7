/** The time and the pipelines that a question covers. */
import { InsightsError } from "./errors.ts";
import { checkTimezone, DAY, localTimezone, type Micros, parseMoment, textOf, type Window } from "./moments.ts";
import { type GivenParameters, parametersOf } from "./parameters.ts";
import type { ParameterSet, Question } from "./question.ts";

/** The longest window, in days. */
const MOST_DAYS = 36_500;

/** The time and the pipelines covered: the same for all questions. */
export interface Scope {
  /**
   * The window's start: a date (`2026-11-01`, midnight in the time zone) or a time with its own zone. @default `days`
   * before its end
   */
  readonly since?: string | undefined;
  /** The window's end, exclusive. @default the time that the tables show */
  readonly until?: string | undefined;
  /** The window's length, without `since`. @default the question's own, usually 7 */
  readonly days?: number | undefined;
  /** IANA name of the time zone for days and hours. @default this machine's */
  readonly timezone?: string | undefined;
  /** Only these pipelines. @default all */
  readonly pipelines?: readonly string[] | undefined;
}

/**
 * Checks what does not depend on stored data, before anything is opened: the window and its time zone.
 *
 * @throws InsightsError `INVALID_PARAMETER`
 */
export function checkScope({ since, until, days, timezone }: Omit<Scope, "pipelines">): void {
  // No stored time is later, so only the given values can be wrong.
  windowOf({ since, until, days }, 7, Number.MAX_SAFE_INTEGER, checkTimezone(timezone ?? localTimezone()));
}

/** The same for a question's parameters. @throws InsightsError `INVALID_PARAMETER` */
export function checkParameters(
  question: Pick<Question, "name" | "parameters">,
  given: Readonly<Record<string, unknown>>,
): void {
  parametersOf(question, given as GivenParameters<ParameterSet>);
}

type Given = { readonly [K in "since" | "until" | "days"]: Scope[K] | undefined };

/** @throws InsightsError `INVALID_PARAMETER` */
export function windowOf({ since, until, days }: Given, usualDays: number, asOf: Micros, timezone: string): Window {
  if (days !== undefined && !(typeof days === "number" && days > 0 && days <= MOST_DAYS)) {
    throw invalid(
      `days is ${typeof days === "number" ? days : JSON.stringify(days)}: must be a number above 0, up to 36,500.`,
    );
  }
  if (since !== undefined && days !== undefined)
    throw invalid("since and days both set the start of the window: use only one of them.");
  const to = until === undefined ? asOf : parseMoment("until", until, timezone);
  const from = since === undefined ? to - Math.round((days ?? usualDays) * DAY) : parseMoment("since", since, timezone);
  if (from < to) return { from, to };
  throw invalid(`since (${textOf(from)}) must be before until (${textOf(to)}).`);
}

function invalid(message: string): InsightsError {
  return new InsightsError("INVALID_PARAMETER", message);
}
