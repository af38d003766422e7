/** An answer as a table, with its chart in a separate column next to the names. */
import type { Answer } from "../answer.ts";
import type { Links } from "../links.ts";
import type { AnswerColumn } from "../question.ts";
import { cellText, headOf, isNumeric, shownColumns } from "../words.ts";
import { bar, dots, dumbbell, gantt, line, strip } from "./charts.ts";
import { type Html, html } from "./html.ts";

type Row = Readonly<Record<string, unknown>>;

/** More rows would not be read; the data has them all. */
const MOST_ROWS = 30;

export function answerTable(answer: Answer, links: Links): Html {
  const { question, rows, timezone } = answer;
  const shown = rows.slice(0, MOST_ROWS);
  const columns = shownColumns(question.columns, rows).filter(([, { type }]) => type !== "list");
  const first = columns.findIndex(([name]) =>
    ["name", "dag", "task", "asset", "component", "automation", "file", "key", "start"].includes(name),
  );
  const [label] = columns.splice(Math.max(0, first), 1);
  const chart = rowChart(answer);
  const head = html`<tr><th scope="col">${headOf(label?.[0] ?? "")}</th>${chart && html`<td></td>`}${columns.map(
    ([name, column]) => html`<th scope="col"${isNumeric(column) && html` class="n"`}>${headOf(name)}</th>`,
  )}</tr>`;
  const body = shown.map((row) => {
    const own = label?.[0] ?? "";
    const job = ["name", "dag"].includes(own) && html` data-open="${String(row[own])}"`;
    return html`<tr><th scope="row"><span${job}>${cellText(row[own], label?.[1] ?? { type: "text" }, timezone)}</span>${more(row, question, links)}</th>${chart && html`<td>${chart(row)}</td>`}${columns.map(([name, column]) => cell(row, name, column, timezone, links))}</tr>`;
  });
  const rest =
    rows.length > shown.length &&
    html`<p class="soft">${shown.length} of ${rows.length} rows. All of them are in this page's data.</p>`;
  return html`<div class="scroll" role="region" aria-label="${question.sentence}" tabindex="0"><table class="rows"><caption class="sr">${question.sentence}</caption><thead>${head}</thead><tbody>${body}</tbody></table></div>${rest}`;
}

function cell(row: Row, name: string, column: AnswerColumn, timezone: string, links: Links): Html {
  const value = row[name];
  const text = cellText(value, column, timezone);
  const sorted =
    typeof value === "number" ? value : column.type === "moment" && value ? Date.parse(String(value)) : undefined;
  const address = isRun(name, column) && value ? links(row, String(value)) : undefined;
  const content = address === undefined ? html`${text}` : html`<a href="${address}">${text}</a>`;
  return html`<td${sorted !== undefined && html` data-v="${sorted}"`}${isNumeric(column) && html` class="n"`}>${content}</td>`;
}

/** Whether a column names a run, which has its own page. */
function isRun(name: string, { type }: AnswerColumn): boolean {
  return type === "text" && ["run_id", "run", "last_run", "slowest_run"].includes(name);
}

/** A link to the DAG, the task or the job's runs, next to the name of a row that names no run. */
function more(row: Row, { columns }: Answer["question"], links: Links): Html | undefined {
  if (Object.entries(columns).some(([name, column]) => isRun(name, column))) return undefined;
  const name = row.name ?? row.dag;
  const address = name === undefined ? undefined : links(row, undefined);
  const label = `${String(name)} ${row.task ? `${String(row.task)} ` : ""}on its server`;
  return address === undefined ? undefined : html` <a href="${address}" aria-label="${label}">↗</a>`;
}

/** The function that draws a row's chart, if there is one. */
function rowChart({ question, rows, window }: Answer): ((row: Row) => Html) | undefined {
  const { chart, columns } = question;
  const number = (row: Row, name: string) => Number(row[name] ?? 0);
  const most = (...names: readonly string[]) =>
    Math.max(0, ...rows.map((row) => Math.max(...names.map((name) => number(row, name)))));
  const list = (row: Row, name: string) => (Array.isArray(row[name]) ? (row[name] as unknown[]) : []);
  if ("last_runs" in columns) return (row) => strip(list(row, "last_runs").map(String));
  if ("outcomes" in columns) return (row) => strip(list(row, "outcomes").map(String));
  if ("daily" in columns)
    return (row) =>
      line(
        list(row, "daily").map((pair) => Number((pair as unknown[])[1])),
        "Daily median",
      );
  if ("hours" in columns && columns.hours?.type === "list" && list(rows[0] as Row, "hours").length > 0)
    return (row) => line(list(row, "hours").map(Number), "By hour of the day");
  switch (chart.kind) {
    case "bars": {
      const { value, parts = [value], mark } = chart;
      const whole = Math.max(
        ...rows.map((row) =>
          Math.max(
            parts.reduce((sum, name) => sum + number(row, name), 0),
            mark ? number(row, mark) : 0,
          ),
        ),
      );
      const top = columns[value]?.unit === "%" ? 100 : whole;
      return (row) =>
        bar(
          parts.map((name) => number(row, name)),
          top,
          mark === undefined ? undefined : number(row, mark),
        );
    }
    case "dumbbell":
      return (row) => dumbbell(number(row, chart.before), number(row, chart.after), most(chart.before, chart.after));
    case "gantt": {
      const end = Math.max(...rows.map((row) => number(row, chart.start) + number(row, chart.length)));
      return (row) => gantt(number(row, chart.start), number(row, chart.length), end);
    }
    case "strip": {
      if (columns[chart.x]?.type !== "list") return undefined;
      const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
      return (row) =>
        dots(
          list(row, chart.x).map((time) => timeOf(time)),
          list(row, chart.value).map(Number),
          from,
          to,
        );
    }
    default:
      return undefined;
  }
}

function timeOf(moment: unknown): number {
  return typeof moment === "string" && !/^\d+$/.test(moment) ? Date.parse(moment) : Number(moment) / 1000;
}
