/** All answers as one page: a file that needs no network, and that also works in mail, in print and without scripts. */
import type { Answer, Insights } from "../answer.ts";
import { InsightsError } from "../errors.ts";
import { type Links, linksTo, type Servers } from "../links.ts";
import type { Question } from "../question.ts";
import { questions } from "../questions/index.ts";
import type { Scope } from "../scope.ts";
import { momentText } from "../words.ts";
import { answerTable } from "./answer-table.ts";
import { heatmap } from "./charts.ts";
import { curveOf } from "./curve.ts";
import { dataBlock } from "./data.ts";
import { failuresByDay, heatOf } from "./days.ts";
import { details } from "./details.ts";
import { documentOf } from "./document.ts";
import { type Html, html } from "./html.ts";
import { liveLine } from "./live.ts";
import { findings, keyFigures } from "./overview.ts";
import { apart, sections } from "./sections.ts";

export type { Server, Servers } from "../links.ts";

export interface PageOptions extends Scope {
  /** The page's title. */
  readonly title: string;
  /** The servers that runs are linked to. @default no links */
  readonly servers?: Servers | undefined;
  /** Parameters of questions, by name, such as deadlines. @default their defaults */
  readonly parameters?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  /** A stamp of the data, if the page is served and polls for changes. @default a self-contained file */
  readonly stamp?: string | undefined;
}

/** @returns the whole HTML document. @throws InsightsError, DestinationError */
export async function reportPage(insights: Insights, options: PageOptions): Promise<string> {
  const { answers, withoutDeadlines } = await askAll(insights, options);
  const links = linksTo(options.servers ?? new Map());
  const of = (name: string) => answers.get(name);
  const numbers = of("key_numbers");
  const days = of("job_days");
  const placed = new Set([...apart, ...sections.flatMap(([, names]) => names)]);
  const others = [...answers.keys(), ...withoutDeadlines.keys()].filter((name) => !placed.has(name));
  const parts = [...sections, ["More", others] as const].map(([title, names]) => {
    const own = names.flatMap((name) => of(name) ?? []);
    const lines = names.flatMap((name) => withoutDeadlines.get(name) ?? []);
    return { title, own, lines, extra: title === "Reliability" && days ? failures(days) : undefined };
  });
  const shown = parts.filter(({ own, lines }) => own.length + lines.length > 0);
  const coverage = of("coverage");
  const { asOf, window, timezone } = (numbers ?? [...answers.values()][0]) as Answer;
  const about = { title: options.title, asOf, window, timezone };
  return documentOf(
    options.title,
    html`<header>
<h1>${options.title}</h1>
<p class="soft">As of <time datetime="${asOf}">${momentText(asOf, timezone)}</time> (${timezone}). The window is from ${momentText(window.from, timezone)} to ${momentText(window.to, timezone)}; each question says where it looks back further.</p>
${options.stamp !== undefined && liveLine(options.stamp)}
<nav aria-label="Sections">${shown.map(({ title }) => html`<a href="#${slug(title)}">${title}</a>`)}${coverage && html`<a href="#coverage">Coverage</a>`}<input class="filter" type="search" placeholder="Filter by any text" aria-label="Filter all tables"></nav>
</header>
<main>
${findings(of("needs_attention"), links)}
${numbers && keyFigures(numbers, days)}
${shown.map(({ title, own, lines, extra }) => html`<section aria-labelledby="${slug(title)}"><h2 id="${slug(title)}">${title}</h2>${extra}${blocks(own, links, window)}${lines}</section>`)}
${coverage && html`<section aria-labelledby="coverage"><h2 id="coverage">Coverage</h2>${blocks([coverage], links, window)}</section>`}
</main>
<footer><p>Made by dagsync. ${options.stamp === undefined ? "This file is self-contained: it makes no network requests." : servedNote} The data is in the element <code>dagsync-data</code>, as gzipped JSON.</p></footer>
${dataBlock([...answers.values()], about)}`,
    { isLive: options.stamp !== undefined },
  );
}

/** Answers each question that has data, and lists those that cannot be answered. */
async function askAll(
  insights: Insights,
  { title: _title, servers: _servers, stamp: _stamp, parameters = {}, ...scope }: PageOptions,
): Promise<{ readonly answers: ReadonlyMap<string, Answer>; readonly withoutDeadlines: ReadonlyMap<string, Html> }> {
  const answers = new Map<string, Answer>();
  const withoutDeadlines = new Map<string, Html>();
  for (const question of questions) {
    try {
      answers.set(question.name, await insights.answer(question, { ...parameters[question.name], ...scope }));
    } catch (error) {
      if (!(error instanceof InsightsError)) throw error;
      if (error.code === "NO_DEADLINES") withoutDeadlines.set(question.name, noDeadlines(question));
      else if (error.code !== "NO_TABLES") throw error;
    }
  }
  return { answers, withoutDeadlines };
}

function noDeadlines({ name, sentence }: Pick<Question, "name" | "sentence">): Html {
  return html`<p class="nothing" id="${name}"><b>${sentence}</b> No deadlines are configured: add them under <code>expect:</code> in dagsync.yaml.</p>`;
}

/** Boxes for answers with findings, followed by one line for each without. */
function blocks(answers: readonly Answer[], links: Links, { from }: Answer["window"]): Html {
  const full = answers.filter(({ rows }) => rows.length > 0);
  const empty = answers.filter(({ rows }) => rows.length === 0);
  const boxes = full.map((answer) => {
    const { question, timezone } = answer;
    const heat = heatOf(answer, timezone);
    const curve = curveOf(answer);
    const table = heat ? heatmap(heat.heat, question.sentence, heat.word) : answerTable(answer, links);
    const body = curve ? html`${curve}<details><summary>As a table</summary>${table}</details>` : table;
    const back =
      answer.window.from !== from && html`<p class="soft">Since ${momentText(answer.window.from, timezone)}.</p>`;
    return html`<article id="${question.name}"><h3>${question.sentence}</h3>${back}${body}${details(answer)}</article>`;
  });
  const lines = empty.map(
    ({ question }) => html`<p class="nothing" id="${question.name}"><b>${question.sentence}</b> Nothing.</p>`,
  );
  return html`${boxes}${lines}`;
}

function failures(days: Answer): Html | undefined {
  const heat = failuresByDay(days);
  if (!heat) return undefined;
  return html`<article id="job_days"><h3>Failed runs by day</h3>${heatmap(heat, "Failed runs by day", "the DAGs and jobs with the most failures")}${details(days)}</article>`;
}

const servedNote = html`It only contacts its own server. Every answer is also available separately: <a href="api/">api/</a>.`;

const slug = (title: string) => `section-${title.toLowerCase().replaceAll(" ", "-")}`;
