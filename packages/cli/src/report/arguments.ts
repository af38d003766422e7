/** The arguments of `report`: a question, pipelines, and the question's own options. */
import type { Parameter, Question } from "@org/insights";
import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";

/** A question with any parameters and columns. */
export type AnyQuestion = Pick<Question, "name" | "sentence" | "parameters">;

export interface ReportArguments<Q> {
  /** @default the summary */
  readonly question?: Q;
  readonly pipelines: readonly string[];
  /** The given parameters of the question. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * Interprets arguments and options that the command itself does not know.
 *
 * @throws UsageError. Its message repeats no value: it may be a secret in the wrong place.
 */
export function parseArguments<Q extends AnyQuestion>(
  given: readonly string[],
  questions: readonly Q[],
): ReportArguments<Q> {
  const words: string[] = [];
  const options: [name: string, value: string | undefined][] = [];
  for (let at = 0; at < given.length; at += 1) {
    const word = given[at] as string;
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      if (word.startsWith("-")) throw new UsageError("Unknown short option. See dagsync report --help.");
      words.push(word);
      continue;
    }
    const next = given[at + 1];
    const takesNext =
      value === undefined && next !== undefined && !next.startsWith("--") && !isFlag(given, name, questions);
    options.push([name.replaceAll("-", "_"), takesNext ? next : value]);
    if (takesNext) at += 1;
  }
  const question = questions.find(({ name }) => name === underscored(words[0]));
  const pipelines = question ? words.slice(1) : words;
  return { ...(question && { question }), pipelines, parameters: valuesOf(question, options) };
}

const underscored = (word: string | undefined) => word?.replaceAll("-", "_");

function isFlag(given: readonly string[], name: string, questions: readonly AnyQuestion[]): boolean {
  const question = questions.find((each) => each.name === underscored(given[0]));
  return parameterOf(question, name.replaceAll("-", "_"))?.type === "boolean";
}

function parameterOf(question: AnyQuestion | undefined, name: string): Parameter | undefined {
  return question && Object.hasOwn(question.parameters, name) ? question.parameters[name] : undefined;
}

function valuesOf(
  question: AnyQuestion | undefined,
  options: readonly (readonly [string, string | undefined])[],
): Readonly<Record<string, unknown>> {
  const known = Object.entries(question?.parameters ?? {}).filter(([, { type }]) => type !== "list");
  const names = known.map(([name]) => name);
  return Object.fromEntries(
    options.map(([name, text]) => {
      const parameter = names.includes(name) ? parameterOf(question, name) : undefined;
      if (parameter) return [name, parameterValue(optionOf(name), parameter, text)];
      const has = names.length > 0 ? ` It has: ${names.map(optionOf).join(", ")}.` : " It has no options.";
      const whose = question ? `${question.name} has no such option.` : "Unknown option without a question.";
      throw new UsageError(`${whose}${didYouMean(name, names)}${question ? has : ""} See dagsync report --help.`);
    }),
  );
}

/** A parameter as an option of the command: `--min-streak`. */
export function optionOf(name: string): string {
  return `--${name.replaceAll("_", "-")}`;
}

function parameterValue(option: string, { type }: Parameter, text: string | undefined): unknown {
  if (type === "boolean") {
    if (text === undefined || text === "true") return true;
    if (text === "false") return false;
    throw new UsageError(`${option} takes no value, or =false.`);
  }
  if (text === undefined || text === "") throw new UsageError(`${option} needs a value after it.`);
  return type === "number" ? numberOf(option, text) : text;
}

/** @throws UsageError */
export function numberOf(option: string, text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a number, as in 14 or 1.5.`);
}
