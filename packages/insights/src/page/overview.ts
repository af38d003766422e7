/** The first screen: what needs attention, and five numbers. */
import type { Answer } from "../answer.ts";
import { type Links, namesJob } from "../links.ts";
import { changeText, momentText, numberText } from "../words.ts";
import { line } from "./charts.ts";
import { successByDay } from "./days.ts";
import { details } from "./details.ts";
import { type Html, html } from "./html.ts";

const severities: readonly string[] = ["Note", "Minor", "Major", "Critical"];

export function findings(answer: Answer | undefined, links: Links): Html | undefined {
  if (!answer) return undefined;
  const { rows, timezone } = answer;
  const items = rows.map((row) => {
    const { severity, kind, orchestrator, name, what, since, run_id, more } = row as Readonly<Record<string, unknown>>;
    const when = since ? html` <span class="soft">since ${momentText(String(since), timezone)}</span>` : undefined;
    const address = links(row, typeof run_id === "string" ? run_id : undefined);
    const there =
      address && html`<a href="${address}">Open it in ${orchestrator === "airflow" ? "Airflow" : "Dagster"}</a>`;
    const others = Number(more) > 0 && html` <span class="soft">And ${String(more)} more.</span>`;
    // Only DAGs and jobs have days of their own.
    const opens = namesJob(kind) && html` data-open="${String(name)}"`;
    const head = html`<span class="tag">${severities[Number(severity)] ?? ""}</span><b><span${opens}>${String(name)}</span></b> <span class="soft">${String(kind).replaceAll("_", " ")}</span>${when}`;
    return html`<li class="s${Number(severity) || 0}">${head}<br>${together(String(what ?? ""))}${others}<br><span class="soft">${there}<span class="screen">${there && " · "}<a href="#${String(kind)}">Details and SQL</a></span></span></li>`;
  });
  const list =
    rows.length === 0
      ? html`<p class="nothing">Nothing needs attention.</p>`
      : html`<ol class="findings">${items}</ol>`;
  return html`<section aria-labelledby="attention" id="needs_attention"><h2 id="attention">What needs attention</h2>${list}${details(answer)}</section>`;
}

/** Keeps numbers and their units on one line. */
const together = (text: string) => text.replace(/(?<=\d) (?=(?:%|s|min|h|days)(?!\w))/g, "\u00a0");

/** For which numbers an increase is better, or worse. */
const better: Readonly<Record<string, number>> = {
  "success rate": 1,
  failing: -1,
  "queue wait (p95)": -1,
  "retry hours": -1,
};

export function keyFigures(answer: Answer, days: Answer | undefined): Html {
  const figures = answer.rows.map((row) => {
    const { number, value, before, change, unit, meaning } = row as Readonly<Record<string, string & number>>;
    const textOf = (each: number | null | undefined) =>
      each === null || each === undefined ? "too few" : numberText(Number(each), String(unit), unit === "jobs");
    const [shown, earlier] = [textOf(value), textOf(before)];
    const sign = change === null || shown === earlier ? 0 : Math.sign(Number(change)) * (better[String(number)] ?? 0);
    const tone = sign > 0 ? "better" : sign < 0 ? "worse" : "soft";
    const compared = shown === earlier ? "as before" : `${changeText(change ?? null, String(unit))}, from ${earlier}`;
    const said = change === null ? "nothing to compare with" : compared;
    const chart = number === "success rate" && days ? line(successByDay(days), "Daily success rate", 140) : undefined;
    return html`<div><dt title="${String(meaning)}">${String(number)}</dt><dd class="big">${shown}</dd><dd class="change ${tone}">${said}</dd>${chart && html`<dd>${chart}</dd>`}</div>`;
  });
  return html`<section aria-label="Five numbers" id="key_numbers"><dl class="stats">${figures}</dl>${details(answer)}</section>`;
}
