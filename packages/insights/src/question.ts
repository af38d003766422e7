/** A question as data: declared once, in a file of its own. */
import type { StoredPipeline, Value } from "@org/destination";
import type { Dialect } from "./dialect.ts";
import type { Day, Micros, Window } from "./moments.ts";
import type { TableName } from "./tables.ts";

/** What a parameter takes, and what it stands for where it is left out. */
export type Parameter =
  | ({
      readonly type: "number";
      readonly default: number | null;
      readonly unit?: string;
      /** Whether only whole numbers make sense. @default false */
      readonly whole?: true;
      readonly description: string;
    } & Least)
  | { readonly type: "boolean"; readonly default: boolean; readonly description: string }
  | {
      readonly type: "text";
      readonly default: string | null;
      /** All that it can be. @default any text but an empty one */
      readonly values?: readonly string[];
      readonly description: string;
    }
  /** A list of objects, such as promises: only in code and in configuration files. */
  | { readonly type: "list"; readonly default: readonly unknown[]; readonly description: string };

/** The least that a number can be, or what it must be more than, and the most. @default from 0 to a thousand million */
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
 * A column of an answer. `moment` is a timestamp, as UTC text with microseconds in rows and as microseconds in SQL;
 * `flag` is a boolean, 0 or 1 in SQL.
 */
export interface AnswerColumn {
  readonly type: "text" | "integer" | "number" | "moment" | "flag" | "list";
  readonly nullable?: boolean;
  /** `s`, `h`, `%`, `points`, …: of numbers. */
  readonly unit?: string;
  readonly description: string;
}

export type AnswerColumns = Readonly<Record<string, AnswerColumn>>;

type AnswerValue<C extends AnswerColumn> =
  | { text: string; integer: number; number: number; moment: string; flag: boolean; list: readonly Value[] }[C["type"]]
  | (C extends { readonly nullable: true } ? null : never);

export type AnswerRow<C extends AnswerColumns = AnswerColumns> = { readonly [K in keyof C]: AnswerValue<C[K]> };

/** How an answer is drawn. Columns by their names. */
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

/** What a question knows when it writes its statement. */
export interface Asking<P extends ParameterSet = ParameterSet> {
  readonly parameters: ParameterValues<P>;
  /** The server's position at the last good sync: what "now" means. */
  readonly asOf: Micros;
  /** What ended in it counts. */
  readonly window: Window;
  /** The equally long window before. */
  readonly previous: Window;
  /** IANA name of the zone that days and hours are of. */
  readonly timezone: string;
  /** The days of the window in that zone. */
  readonly days: readonly Day[];
  readonly dialect: Dialect;
  /** What is stored of the pipelines that are asked about. */
  readonly contents: readonly StoredPipeline[];
  /** A value as a placeholder of the statement. */
  value(value: Value): string;
  /** A query of literal rows, to be named by WITH: `VALUES (…), (…)`; one of no rows where there are none. */
  values(rows: readonly (readonly (string | number | null)[])[], width: number): string;
  /** Runs a further statement, which is written with values of its own. */
  query(write: (asking: Asking<P>) => string): Promise<readonly SqlRow[]>;
  /** Asks another question of the same time and the same pipelines: no rows where there is nothing that it is about. */
  answer<Q extends ParameterSet, C extends AnswerColumns>(
    question: Question<Q, C>,
    parameters?: Partial<ParameterValues<Q>>,
  ): Promise<readonly AnswerRow<C>[]>;
}

/** A row as SQL gives it. */
export type SqlRow = Readonly<Record<string, Value>>;

export interface Question<P extends ParameterSet = ParameterSet, C extends AnswerColumns = AnswerColumns> {
  /** snake_case, as people type it: `success_rate`. */
  readonly name: string;
  /** The question as a sentence. */
  readonly sentence: string;
  /** What the answer cannot know, in a sentence, where there is something. */
  readonly limits?: string;
  /** The tables that it is about: at least one of them must be there. */
  readonly tables: readonly TableName[];
  /** Further streams that would make the answer better. */
  readonly waitsFor?: readonly string[];
  /** Days of the window, where it is not the usual week. @default 7 */
  readonly days?: number;
  readonly parameters: P;
  readonly columns: C;
  readonly chart: Chart;
  /** Whether a row is something to look at, for checks. @default every row is */
  isFinding?(row: AnswerRow<C>): boolean;
  /**
   * The statement, over the tables and the conventions by their names, in the SQL that all databases share. `/` of whole
   * numbers is not the same everywhere: multiply by 1.0 first.
   */
  sql(asking: Asking<P>): string;
  /** Makes rows of the statement's, where SQL does not say all. @default as they are */
  finish?(rows: readonly SqlRow[], asking: Asking<P>): readonly SqlRow[] | Promise<readonly SqlRow[]>;
}

/** Declares a question. */
export function defineQuestion<const P extends ParameterSet, const C extends AnswerColumns>(
  question: Question<P, C>,
): Question<P, C> {
  return question;
}
