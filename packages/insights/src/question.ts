/** A question as data, declared once, in its own file. */
import type { StoredPipeline, Value } from "@org/destination";
import type { Dialect } from "./dialect.ts";
import type { Day, Micros, Window } from "./moments.ts";
import type { TableName } from "./tables.ts";

/** A parameter's type, and its default. */
export type Parameter =
  | ({
      readonly type: "number";
      readonly default: number | null;
      readonly unit?: string;
      /** Whether only integers make sense. @default false */
      readonly whole?: true;
      readonly description: string;
    } & Least)
  | { readonly type: "boolean"; readonly default: boolean; readonly description: string }
  | {
      readonly type: "text";
      readonly default: string | null;
      /** All its possible values. @default any text but an empty one */
      readonly values?: readonly string[];
      readonly description: string;
    }
  /** A list of objects, such as deadlines: only in code and in configuration files. */
  | { readonly type: "list"; readonly default: readonly unknown[]; readonly description: string };

/** A number's minimum, or exclusive minimum, and its maximum. @default from 0 to a thousand million */
type Least = (
  | { readonly least?: number; readonly moreThan?: undefined }
  | { readonly least?: undefined; readonly moreThan: number }
) & { readonly most?: number };

export type ParameterSet = Readonly<Record<string, Parameter>>;

type ParameterValue<P extends Parameter> = P extends { readonly type: "number" }
  ? P["default"] extends null
    ? number | null
    : number
  : P extends { readonly type: "boolean" }
    ? boolean
    : P extends { readonly type: "list" }
      ? readonly unknown[]
      : P extends { readonly values: readonly (infer V)[] }
        ? V | Extract<P["default"], null>
        : P["default"] extends null
          ? string | null
          : string;

export type ParameterValues<P extends ParameterSet> = { readonly [K in keyof P]: ParameterValue<P[K]> };

/**
 * A column of an answer. `moment` is a timestamp: UTC text with microseconds in rows, microseconds in SQL. `flag` is a
 * boolean: 0 or 1 in SQL.
 */
export interface AnswerColumn {
  readonly type: "text" | "integer" | "number" | "moment" | "flag" | "list";
  readonly nullable?: boolean;
  /** The unit of numbers: `s`, `h`, `%`, `points`, … */
  readonly unit?: string;
  readonly description: string;
}

export type AnswerColumns = Readonly<Record<string, AnswerColumn>>;

type AnswerValue<C extends AnswerColumn> =
  | { text: string; integer: number; number: number; moment: string; flag: boolean; list: readonly Value[] }[C["type"]]
  | (C extends { readonly nullable: true } ? null : never);

export type AnswerRow<C extends AnswerColumns = AnswerColumns> = { readonly [K in keyof C]: AnswerValue<C[K]> };

/** How an answer is drawn. Columns are given by name. */
export type Chart =
  | { readonly kind: "list" | "table" | "stats" }
  | {
      readonly kind: "bars";
      readonly label: string;
      readonly value: string;
      readonly mark?: string;
      readonly parts?: readonly string[];
    }
  | { readonly kind: "heatmap"; readonly x: string; readonly y: string; readonly value: string }
  | {
      readonly kind: "line";
      readonly x: string;
      readonly value: string;
      readonly series?: string;
      readonly limit?: string;
    }
  | { readonly kind: "strip"; readonly label: string; readonly x: string; readonly value: string }
  | { readonly kind: "dumbbell"; readonly label: string; readonly before: string; readonly after: string }
  | { readonly kind: "gantt"; readonly label: string; readonly start: string; readonly length: string };

/** What a question can use when it writes its statement. */
export interface Asking<P extends ParameterSet = ParameterSet> {
  readonly parameters: ParameterValues<P>;
  /** The server's position at the last successful sync: what "now" means. */
  readonly asOf: Micros;
  /** Whatever ended in it counts. */
  readonly window: Window;
  /** The window of the same length before it. */
  readonly previous: Window;
  /** IANA name of the time zone for days and hours. */
  readonly timezone: string;
  /** The days of the window in that time zone. */
  readonly days: readonly Day[];
  readonly dialect: Dialect;
  /** What is stored for the selected pipelines. */
  readonly contents: readonly StoredPipeline[];
  /** Adds a value and returns its placeholder. */
  value(value: Value): string;
  /** A query of literal rows, to be named by WITH: `VALUES (…), (…)`; without rows, one that returns none. */
  values(rows: readonly (readonly (string | number | null)[])[], width: number): string;
  /** Runs another statement, written with values of its own. */
  query(write: (asking: Asking<P>) => string): Promise<readonly SqlRow[]>;
  /** Answers another question for the same time and the same pipelines; no rows if none of its tables exists. */
  answer<Q extends ParameterSet, C extends AnswerColumns>(
    question: Question<Q, C>,
    parameters?: Partial<ParameterValues<Q>>,
  ): Promise<readonly AnswerRow<C>[]>;
}

/** A row as SQL returns it. */
export type SqlRow = Readonly<Record<string, Value>>;

export interface Question<P extends ParameterSet = ParameterSet, C extends AnswerColumns = AnswerColumns> {
  /** snake_case, as users type it: `success_rate`. */
  readonly name: string;
  /** The question as a sentence. */
  readonly sentence: string;
  /** A sentence about what the answer cannot know, if anything. */
  readonly limits?: string;
  /** Its tables: at least one of them must exist. */
  readonly tables: readonly TableName[];
  /** Tables of opt-in streams that improve the answer where they exist. */
  readonly betterWith?: readonly TableName[];
  /** The window's days, if it is not the usual week. @default 7 */
  readonly days?: number;
  readonly parameters: P;
  readonly columns: C;
  readonly chart: Chart;
  /** Whether a row is a finding, for checks. @default every row is */
  isFinding?(row: AnswerRow<C>): boolean;
  /**
   * The statement, over tables and conventions by name, in the SQL that all databases share. `/` of integers differs:
   * multiply by 1.0 first.
   */
  sql(asking: Asking<P>): string;
  /** Converts the statement's rows, for what SQL cannot express. @default unchanged */
  finish?(rows: readonly SqlRow[], asking: Asking<P>): readonly SqlRow[] | Promise<readonly SqlRow[]>;
}

/** Declares a question. */
export function defineQuestion<const P extends ParameterSet, const C extends AnswerColumns>(
  question: Question<P, C>,
): Question<P, C> {
  return question;
}
