/** An answer whose rows are consecutive times, as one wide chart. */
import type { Answer } from "../answer.ts";
import { momentText, numberText } from "../words.ts";
import { type Html, html } from "./html.ts";

const WIDTH = 1040;
const HEIGHT = 150;
/** Space for the labels of the days below. */
const FOOT = 18;
const round = (value: number) => Math.round(value * 10) / 10;

/** The chart of a question that draws a line over all its rows; undefined for others, and for too few rows. */
export function curveOf({ question, rows, timezone }: Answer): Html | undefined {
  const { chart, columns } = question;
  if (chart.kind !== "line" || columns[chart.x]?.type !== "moment" || rows.length < 3) return undefined;
  const values = (name: string) => rows.map((row) => Number((row as Readonly<Record<string, unknown>>)[name] ?? 0));
  const [own, other] = [values(chart.value), chart.limit === undefined ? undefined : values(chart.limit)];
  const moments = rows.map((row) => String((row as Readonly<Record<string, unknown>>)[chart.x]));
  const most = Math.max(1, ...own, ...(other ?? []));
  const x = (at: number) => round((at / rows.length) * WIDTH);
  const y = (value: number) => round(HEIGHT - FOOT - (value / most) * (HEIGHT - FOOT - 14));
  const steps = (of: readonly number[]) => of.map((value, at) => `V${y(value)}H${x(at + 1)}`).join("");
  const days = moments.map((moment) => momentText(moment, timezone).slice(0, 10));
  const marks = days.flatMap((day, at) => (at > 0 && day !== days[at - 1] ? [{ day, at }] : []));
  const peak = own.indexOf(Math.max(...own));
  const label = `${question.sentence} At most ${numberText(own[peak] as number, undefined)}, ${momentText(moments[peak] as string, timezone)}.`;
  return html`<svg class="curve" role="img" aria-label="${label}" viewBox="0 0 ${WIDTH} ${HEIGHT}"><path class="area" d="M0 ${y(0)}${steps(own)}V${y(0)}z"/>${other && html`<path class="past" d="M0 ${y(other[0] as number)}${steps(other)}"/>`}${marks.map(({ day, at }) => html`<path class="rail" d="M${x(at)} ${HEIGHT - FOOT}v4h1v-4z"/><text x="${x(at)}" y="${HEIGHT - 4}">${day}</text>`)}<text x="${Math.min(WIDTH - 60, x(peak))}" y="11">${numberText(own[peak] as number, undefined)}</text></svg><p class="soft">Filled: ${chart.value.replaceAll("_", " ")}.${chart.limit !== undefined && ` Line: ${chart.limit.replaceAll("_", " ")}.`}</p>`;
}
