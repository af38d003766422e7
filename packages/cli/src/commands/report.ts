import { type Command, Option } from "commander";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import { didYouMean } from "../nearest.ts";
import { jsonLine } from "../render/json.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { textTable } from "../render/table.ts";
import { numberOf, optionOf, parseArguments } from "../report/arguments.ts";
import type { Format } from "../report/formats.ts";
import { type Run, shared } from "./options.ts";

interface ReportOptions {
  readonly at?: string;
  readonly config?: string;
  readonly since?: string;
  readonly until?: string;
  readonly days?: string;
  readonly timezone?: string;
  readonly format: Format;
  readonly list?: true;
  readonly sql?: true;
  readonly failOn?: string;
  readonly html?: string;
}

type Insights = typeof import("@org/insights");
type AnyQuestion = Insights["questions"][number];

export function addReport(program: Command, io: SafeIo, run: Run): void {
  program
    .command("report")
    .description("answer a question from the tables, or without one show what needs attention and five key numbers")
    .argument("[question]", "a question from --list; its options follow as --name value")
    .argument("[pipelines...]", "only these (default: all)")
    .option(...shared("at", " (default: all of its pipelines)"))
    .option(...shared("config"))
    .option("--since <time>", "start of the window: 2026-11-01, or a time with its zone")
    .option("--until <time>", "end of the window (default: the time of the data)")
    .option(...shared("days"))
    .option(...shared("timezone"))
    .addOption(
      new Option("--format <format>", "how to write").choices(["table", "json", "csv", "markdown"]).default("table"),
    )
    .option("--list", "list the questions, or the options and columns of one")
    .option("--sql", "write the query instead of its answer")
    .option("--fail-on <questions>", "exit with 3 if one of these questions, separated by commas, finds something")
    .option(
      "--html <file>",
      "write all answers to a single page that needs no network: report.html, s3://bucket/report.html",
    )
    // Options that the command does not know may be the question's.
    .allowUnknownOption()
    .action(
      run(async (_question: unknown, _pipelines: unknown, options: ReportOptions, command: Command) => {
        // Loaded here because no other command needs its statements and time zones.
        const insights = await import("@org/insights");
        const given = parseArguments(command.args, insights.questions);
        if (!options.list) return report(insights, given, options, io);
        io.stdout.write(listed(insights.questions, given.question, options.format));
        return exitCodes.done;
      }),
    );
}

async function report(
  { checkParameters, checkScope, openInsights, questions, needsAttention }: Insights,
  { question, pipelines: names, parameters }: ReturnType<typeof parseArguments<AnyQuestion>>,
  options: ReportOptions,
  io: SafeIo,
): Promise<number> {
  const failOn = options.failOn?.split(",").map((name) => questionNamed(name.trim(), questions)) ?? [];
  const asked = scopeOf(options);
  checkScope(asked);
  if (question) checkParameters(question, parameters);
  if (options.sql && !question) throw new UsageError("--sql needs a question: dagsync report failing_now --sql.");
  if (options.html !== undefined && (question || options.sql)) {
    throw new UsageError("--html writes all questions to one page: leave the question out.");
  }
  const { reportTarget, configuredFor } = await import("../report/place.ts");
  const place = await reportTarget(
    question || names.length === 0 ? names : knownNames(names, questions, options),
    options,
    io,
  );
  if ([question, ...failOn].some((each) => each?.name === "deadline_misses") && !place.configured.expect?.length) {
    // "No misses" would suggest that something had been checked.
    throw new UsageError(
      "deadline_misses: no deadlines are configured. Add them under expect: in dagsync.yaml, and name its pipeline instead of --at.",
    );
  }
  const insights = await openInsights(place.destination, io.signal ? { signal: io.signal } : {});
  try {
    checkPipelines(names, insights.contents);
    const scope = { ...asked, ...storedOf(place.pipelines, insights.contents) };
    const { written } = await import("../report/formats.ts");
    if (options.html !== undefined) {
      const { writePage } = await import("../report/page.ts");
      await writePage(options.html, insights, { ...scope, place }, io);
    } else if (question) {
      const answer = await insights.answer(question, { ...configuredFor(question, place), ...parameters, ...scope });
      io.stdout.write(options.sql ? sqlText(answer) : written(answer, options.format, widthOf(io)));
    } else {
      const attention = configuredFor(needsAttention, place);
      io.stdout.write(await summaryIn(options.format, insights, scope, attention, place.destination.name, widthOf(io)));
    }
    const found: string[] = [];
    for (const each of failOn) {
      // Findings are judged by the parameters that were given.
      const own = { ...configuredFor(each, place), ...(each === question && parameters) };
      const { rows } = await insights.answer(each, { ...own, ...scope });
      const findings = rows.filter((row) => each.isFinding?.(row) ?? true);
      if (findings.length > 0) found.push(`${each.name} (${findings.length})`);
    }
    if (found.length === 0) return exitCodes.done;
    io.stderr.write(`Found: ${found.join(", ")}.\n`);
    return exitCodes.found;
  } finally {
    await insights.close();
  }
}

/** A terminal's width; output for programs and files is not shortened. */
function widthOf({ stdout }: Pick<SafeIo, "stdout">): number | undefined {
  return stdout.isTTY ? stdout.columns : undefined;
}

async function summaryIn(
  format: Format,
  insights: Awaited<ReturnType<Insights["openInsights"]>>,
  scope: object,
  attentionOf: object,
  place: string,
  width: number | undefined,
): Promise<string> {
  const { summarized, summaryMarkdown, summaryText } = await import("../report/summary.ts");
  const summary = await summarized(insights, scope, attentionOf);
  if (format === "table") return summaryText(summary, place, width);
  if (format === "markdown") return summaryMarkdown(summary, place);
  const { attention, numbers } = summary;
  if (format === "csv") return (await import("../report/formats.ts")).written(numbers, "csv");
  const { asOf, window, timezone } = numbers;
  return jsonLine({ place, asOf, window, timezone, needsAttention: attention.rows, numbers: numbers.rows });
}

/** Arguments that are not questions: pipelines, unless they look like a misspelt question. */
function knownNames(
  names: readonly string[],
  questions: readonly AnyQuestion[],
  { at }: ReportOptions,
): readonly string[] {
  const advice = didYouMean(
    names[0] as string,
    questions.map(({ name }) => name),
  );
  if (advice && at !== undefined) throw new UsageError(`Unknown question.${advice} See dagsync report --list.`);
  return names;
}

function checkPipelines(names: readonly string[], contents: readonly { readonly pipeline: string }[]): void {
  const stored = contents.map(({ pipeline }) => pipeline);
  const missing = names.find((name) => !stored.includes(name));
  if (missing === undefined) return;
  const advice = didYouMean(missing, stored) || ` It has: ${stored.join(", ")}.`;
  throw new UsageError(
    `${JSON.stringify(missing)} is neither a question (dagsync report --list) nor a pipeline that is stored.${advice}`,
  );
}

/** A configured pipeline may not have been synced yet. */
function storedOf(
  pipelines: readonly string[] | undefined,
  contents: readonly { readonly pipeline: string }[],
): { readonly pipelines?: readonly string[] } {
  const stored = pipelines?.filter((name) => contents.some(({ pipeline }) => pipeline === name));
  if (stored?.length === 0) throw new UsageError(`No data yet for ${pipelines?.join(", ")}: run dagsync sync.`);
  return stored ? { pipelines: stored } : {};
}

function questionNamed(name: string, questions: readonly AnyQuestion[]): AnyQuestion {
  const found = questions.find((each) => each.name === name.replaceAll("-", "_"));
  if (found) return found;
  const known = questions.map((each) => each.name);
  const advice = didYouMean(name, known) || ` There are: ${known.join(", ")}.`;
  throw new UsageError(`--fail-on names an unknown question.${advice}`);
}

function scopeOf({ since, until, days, timezone }: ReportOptions): object {
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(days !== undefined && { days: numberOf("--days", days) }),
    ...(timezone !== undefined && { timezone }),
  };
}

/** The query, with the values of its placeholders in a comment. */
function sqlText({ sql, values }: { readonly sql: string; readonly values: readonly unknown[] }): string {
  const named = values.map((value, index) => `-- $${index + 1}: ${JSON.stringify(value)}\n`);
  return `${sql.trim()}\n${named.join("")}`;
}

function listed(questions: readonly AnyQuestion[], question: AnyQuestion | undefined, format: Format): string {
  const of = question ? [question] : questions;
  if (format === "json") {
    return of
      .map(({ name, sentence, limits, tables, betterWith, days = 7, parameters, columns }) =>
        jsonLine({ name, sentence, limits, tables, betterWith, days, parameters, columns }),
      )
      .join("");
  }
  if (!question) {
    return textTable(
      ["question", "answers"],
      of.map(({ name, sentence }) => [name, sentence]),
    );
  }
  const { sentence, limits, parameters, columns } = question;
  const options = Object.entries(parameters as Insights["keyNumbers"]["parameters"] & object).map(([name, each]) => [
    optionOf(name),
    String((each as { default: unknown }).default ?? "–"),
    ("unit" in each ? String(each.unit) : "") as string,
    `${each.description}${"values" in each ? ` ${(each.values as readonly string[]).join(", ")}.` : ""}`,
  ]);
  const about = Object.entries(columns as Readonly<Record<string, { unit?: string; description: string }>>).map(
    ([name, { unit = "", description }]) => [name, unit, description],
  );
  const parts = [
    `${sentence}\n${limits ? `${limits}\n` : ""}`,
    ...(options.length > 0 ? [textTable(["option", "default", "unit", ""], options)] : []),
    textTable(["column", "unit", ""], about),
  ];
  return parts.join("\n");
}
