/** Queries a destination for a question's answer. */
import type { Destination, SqlReader, StoredPipeline, Value } from "@org/destination";
import { asOfOf } from "./as-of.ts";
import { dialects } from "./dialect.ts";
import { InsightsError } from "./errors.ts";
import { checkTimezone, type Day, daysOf, localTimezone, type Micros, textOf, type Window } from "./moments.ts";
import { type GivenParameters, parametersOf } from "./parameters.ts";
import type { AnswerColumns, AnswerRow, Asking, ParameterSet, ParameterValues, Question, SqlRow } from "./question.ts";
import { rowsOf } from "./rows.ts";
import { type Scope, windowOf } from "./scope.ts";
import { withQueries } from "./statement.ts";
import { lacking, whatToSync } from "./streams.ts";
import { type FoundTables, findTables } from "./tables.ts";

export interface Answer<C extends AnswerColumns = AnswerColumns> {
  readonly question: Question<ParameterSet, C>;
  readonly rows: readonly AnswerRow<C>[];
  /** The time that the tables show, as UTC text. */
  readonly asOf: string;
  readonly window: { readonly from: string; readonly to: string };
  readonly timezone: string;
  /** Which opt-in streams would improve the answer, as a sentence. Undefined if none would. */
  readonly note: string | undefined;
  /** The executed statement, and the values of its `$1`, `$2`, … */
  readonly sql: string;
  readonly values: readonly Value[];
}

/** A destination opened for questions: opened once, queried many times. It shows what was stored when it was opened. */
export interface Insights {
  /**
   * Answers a question. The same question with the same parameters gets the cached answer.
   *
   * @throws InsightsError `INVALID_PARAMETER`, `NO_TABLES`; DestinationError
   */
  answer<P extends ParameterSet, C extends AnswerColumns>(
    question: Question<P, C>,
    parameters?: GivenParameters<P> & Scope,
  ): Promise<Answer<C>>;
  /** What is stored, as of opening. */
  readonly contents: readonly StoredPipeline[];
  /** The time that the tables show, as UTC text. */
  readonly asOf: string;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Aborts opening and every question. */
  readonly signal?: AbortSignal | undefined;
  /** The result of `destination.contents()`, if you already have it. @default it is requested */
  readonly contents?: readonly StoredPipeline[];
}

/**
 * Opens a destination for questions. Pass the destination itself, without wrappers: prefixes are recognised in the
 * tables' names.
 *
 * @throws InsightsError `NO_SQL` if it does not support SQL, `NO_TABLES` if nothing was synced into it;
 * DestinationError
 */
export async function openInsights(
  destination: Destination,
  { signal, contents: known }: OpenOptions = {},
): Promise<Insights> {
  if (!destination.read || !destination.contents) {
    throw new InsightsError(
      "NO_SQL",
      `${destination.name} does not support SQL: sync into DuckDB, SQLite, PostgreSQL or files.`,
    );
  }
  const options = signal ? { signal } : {};
  const contents = known ?? (await destination.contents(options));
  const asOf = asOfOf(contents);
  if (asOf === undefined) {
    throw new InsightsError("NO_TABLES", `${destination.name} has no synced data: sync into it first.`);
  }
  const reader = await destination.read(options);
  const opened: Opened = { place: destination.name, reader, contents, answers: new Map() };
  return {
    contents,
    asOf: textOf(asOf),
    answer: (question, parameters = {}) => ask(opened, question, parameters),
    close: () => reader.close(),
  };
}

/**
 * Answers one question.
 *
 * @example
 * const { rows } = await answer(duckdb("orchestration.duckdb"), successRate, { days: 30 });
 */
export async function answer<P extends ParameterSet, C extends AnswerColumns>(
  destination: Destination,
  question: Question<P, C>,
  parameters: GivenParameters<P> & Scope = {},
): Promise<Answer<C>> {
  const insights = await openInsights(destination);
  try {
    return await insights.answer(question, parameters);
  } finally {
    await insights.close();
  }
}

/** What is open, and the answers so far: a page shows many of the answers that its findings are based on. */
interface Opened {
  readonly place: string;
  readonly reader: SqlReader;
  readonly contents: readonly StoredPipeline[];
  /** By question, parameters and window, the latest {@link KEPT_ANSWERS}. */
  readonly answers: Map<string, { readonly question: Question; readonly answer: Promise<Answer> }>;
}

/** More than a page needs. */
const KEPT_ANSWERS = 100;

async function ask<P extends ParameterSet, C extends AnswerColumns>(
  opened: Opened,
  question: Question<P, C>,
  given: GivenParameters<P> & Scope,
): Promise<Answer<C>> {
  const { place, contents, answers } = opened;
  const { since, until, days, timezone: zone, pipelines, ...own } = given;
  const parameters = parametersOf(question, own as unknown as GivenParameters<P>);
  checkPipelines(place, contents, pipelines);
  const found = findTables(contents, pipelines);
  const asOf = asOfOf(contents, pipelines, question.tables);
  if (asOf === undefined || !question.tables.some((name) => found.has(name))) {
    const whose = pipelines ? ` of ${pipelines.join(", ")}` : "";
    const missing = `${place} has none of the tables${whose} that ${question.name} is about: ${question.tables.join(", ")}.`;
    throw new InsightsError("NO_TABLES", [missing, ...whatToSync(question, found)].join(" "));
  }
  const timezone = checkTimezone(zone ?? localTimezone());
  const scope = { since, until, days, timezone, pipelines };
  const asked: Asked<P, C> = {
    question,
    parameters,
    window: windowOf(scope, question.days ?? 7, asOf, timezone),
    scope,
    found,
    asOf,
  };
  const key = JSON.stringify([question.name, asked.parameters, asked.window, timezone, pipelines]);
  const known = answers.get(key);
  // Another question may have the same name.
  if (known && known.question === (question as unknown)) return known.answer as unknown as Promise<Answer<C>>;
  const answer = carryOut(opened, asked);
  answers.set(key, { question: question as unknown as Question, answer: answer as unknown as Promise<Answer> });
  for (const oldest of answers.keys()) {
    if (answers.size <= KEPT_ANSWERS) break;
    answers.delete(oldest);
  }
  answer.catch(() => answers.delete(key));
  return answer;
}

/** A question with everything that was given for it. */
interface Asked<P extends ParameterSet, C extends AnswerColumns> {
  readonly question: Question<P, C>;
  readonly parameters: ParameterValues<P>;
  readonly window: Window;
  readonly scope: { readonly [K in keyof Scope]-?: Scope[K] | undefined } & { readonly timezone: string };
  readonly found: FoundTables;
  readonly asOf: Micros;
}

async function carryOut<P extends ParameterSet, C extends AnswerColumns>(
  opened: Opened,
  { question, parameters, window, scope, found, asOf }: Asked<P, C>,
): Promise<Answer<C>> {
  const { reader, contents } = opened;
  const { timezone, pipelines } = scope;
  const dialect = dialects[reader.dialect];
  const run = async (write: (asking: Asking<P>) => string) => {
    const values: Value[] = [];
    const value = (given: Value) => {
      values.push(given);
      return `$${values.length}`;
    };
    const statement = write(Object.assign(Object.create(asking) as Asking<P>, { value }));
    const sql = withQueries(statement, found, dialect, reader);
    return { sql, values, rows: (await reader.query(sql, values)) as readonly SqlRow[] };
  };
  let shownDays: readonly Day[] | undefined;
  const asking: Asking<P> = {
    parameters,
    asOf,
    window,
    previous: { from: window.from - (window.to - window.from), to: window.from },
    timezone,
    // Computed lazily: for a century this takes seconds, and few questions need it.
    get days() {
      shownDays ??= daysOf(window, timezone);
      return shownDays;
    },
    dialect,
    contents: pipelines ? contents.filter(({ pipeline }) => pipelines.includes(pipeline)) : contents,
    value: () => {
      throw new TypeError("Values belong to the statement that is being written.");
    },
    values: literalRows,
    query: async (write) => (await run(write)).rows,
    async answer(other, parameters) {
      if (!other.tables.some((name) => found.has(name))) return [];
      const given = { ...scope, ...parameters } as GivenParameters<ParameterSet> & Scope;
      return (await ask(opened, other as unknown as Question, given)).rows as never;
    },
  };
  const { sql, values, rows } = await run((own) => question.sql(own));
  const finished = question.finish ? await question.finish(rows, asking) : rows;
  return {
    question: question as unknown as Question<ParameterSet, C>,
    rows: rowsOf(question.columns, finished),
    asOf: textOf(asOf),
    window: { from: textOf(window.from), to: textOf(window.to) },
    timezone,
    note: lacking(question, found),
    sql,
    values,
  };
}

function literalRows(rows: readonly (readonly (string | number | null)[])[], width: number): string {
  const text = (value: string | number | null) => {
    if (value === null) return "NULL";
    return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
  };
  if (rows.length === 0) return `SELECT ${Array.from({ length: width }, () => "NULL").join(", ")} WHERE 1 = 0`;
  return `VALUES ${rows.map((row) => `(${row.map(text).join(", ")})`).join(", ")}`;
}

function checkPipelines(
  place: string,
  contents: readonly StoredPipeline[],
  names: readonly string[] | undefined,
): void {
  if (names === undefined) return;
  if (!Array.isArray(names)) throw invalid("pipelines must be a list of names.");
  if (names.length === 0) throw invalid("pipelines is empty: leave it out for all.");
  const stored = contents.map(({ pipeline }) => pipeline);
  const unknown = names.find((name) => !stored.includes(name));
  if (unknown === undefined) return;
  throw invalid(`pipelines: no data for ${JSON.stringify(unknown)}. ${place} has: ${stored.join(", ")}.`);
}

function invalid(message: string): InsightsError {
  return new InsightsError("INVALID_PARAMETER", message);
}
