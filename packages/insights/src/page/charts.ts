/** Small SVG charts, without style attributes and ids, so that they work under a strict content policy and in mail. */
import { Html, html } from "./html.ts";

const WIDTH = 120;
const HEIGHT = 16;
const round = (value: number) => Math.round(value * 10) / 10;

function svg(width: number, height: number, label: string | undefined, body: readonly Html[]): Html {
  const spoken = label === undefined ? html`aria-hidden="true"` : html`role="img" aria-label="${label}"`;
  return html`<svg ${spoken} width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`;
}

const rect = (kind: string, x: number, y: number, width: number, height: number) =>
  html`<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(height)}"/>`;

/** A bar with parts of different meaning. The number is shown next to it. */
export function bar(parts: readonly number[], most: number, mark?: number): Html {
  const scale = (value: number) => (most > 0 ? (Math.max(0, value) / most) * WIDTH : 0);
  let x = 0;
  const rects = parts.map((part, index) => {
    const each = rect(`p${index % 3}`, x, 4, scale(part), 8);
    x += scale(part);
    return each;
  });
  return svg(WIDTH, HEIGHT, undefined, [
    ...rects,
    ...(mark === undefined ? [] : [rect("mark", scale(mark), 1, 2, 14)]),
  ]);
}

/** Outcomes as a row of cells, the oldest first. Failures are also taller, for readers who do not see colours. */
export function strip(outcomes: readonly string[]): Html {
  const step = Math.min(6, WIDTH / Math.max(1, outcomes.length));
  const isGood = (outcome: string) => outcome === "success" || outcome === "met";
  const isBad = (outcome: string) => outcome === "failed" || outcome === "missed";
  const path = (which: (outcome: string) => boolean, y: number, height: number) =>
    outcomes
      .flatMap((each, at) =>
        which(each) ? [`M${round(at * step)} ${y}h${round(step * 0.75)}v${height}h-${round(step * 0.75)}z`] : [],
      )
      .join("");
  const other = (outcome: string) => !isGood(outcome) && !isBad(outcome) && outcome !== "";
  const bad = outcomes.filter(isBad).length;
  const label = `${outcomes.length} in a row, oldest first: ${bad === 0 ? "none" : bad} failed`;
  return svg(Math.ceil(step * outcomes.length) || 1, HEIGHT, label, [
    html`<path class="good" d="${path(isGood, 5, 6)}"/>`,
    html`<path class="other" d="${path(other, 5, 6)}"/>`,
    html`<path class="bad" d="${path(isBad, 1, 14)}"/>`,
  ]);
}

/** A line over days or hours. Null leaves a gap. */
export function line(values: readonly (number | null)[], label: string, width = WIDTH, height = 28): Html {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return new Html("");
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const x = (at: number) => round(2 + (at / (values.length - 1)) * (width - 4));
  const y = (value: number) => round(height - 3 - ((value - least) / (most - least || 1)) * (height - 6));
  const path = values
    .map((value, at) =>
      value === null ? "" : `${at === 0 || values[at - 1] === null ? "M" : "L"}${x(at)} ${y(value)}`,
    )
    .join("");
  const last = values.findLastIndex((value) => value !== null);
  return svg(width, height, label, [
    html`<path class="line" d="${path}"/>`,
    html`<circle class="dot" cx="${x(last)}" cy="${y(values[last] as number)}" r="2.5"/>`,
  ]);
}

/** From before to after. Both numbers are shown next to it. */
export function dumbbell(before: number, after: number, most: number): Html {
  const x = (value: number) => round(4 + (most > 0 ? value / most : 0) * (WIDTH - 8));
  return svg(WIDTH, HEIGHT, undefined, [
    html`<path class="link" d="M${x(before)} 8L${x(after)} 8"/>`,
    html`<circle class="from" cx="${x(before)}" cy="8" r="3"/>`,
    html`<circle class="${after > before ? "bad" : "good"}" cx="${x(after)}" cy="8" r="4"/>`,
  ]);
}

/** A bar with an offset. */
export function gantt(start: number, length: number, most: number): Html {
  const scale = (value: number) => (most > 0 ? (value / most) * WIDTH : 0);
  return svg(WIDTH, HEIGHT, undefined, [
    rect("rail", 0, 7, WIDTH, 2),
    rect("p0", scale(start), 3, Math.max(2, scale(length)), 10),
  ]);
}

/** Beyond this number points overlap: the largest at each position are enough. */
const MOST_DOTS = 60;

/** Points in time; the higher, the larger. */
export function dots(times: readonly number[], values: readonly number[], from: number, to: number): Html {
  const most = Math.max(...values, 1);
  const x = (time: number) => round(3 + Math.min(1, Math.max(0, (time - from) / (to - from || 1))) * (WIDTH - 6));
  const label = `${times.length} in the window`;
  const points = times.map((time, at) => ({ x: x(time), value: values[at] ?? 0 }));
  const highest = new Map<number, (typeof points)[number]>();
  for (const point of points) {
    const place = points.length > MOST_DOTS ? Math.round((point.x * MOST_DOTS) / WIDTH) : highest.size;
    if (point.value >= (highest.get(place)?.value ?? 0)) highest.set(place, point);
  }
  const circles = [...highest.values()].map(
    ({ x, value }) => html`<circle class="bad" cx="${x}" cy="${round(17 - (value / most) * 14)}" r="2.5"/>`,
  );
  return svg(WIDTH, 20, label, circles);
}

export interface Heat {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** By row, then column; null if there is no value. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** A table whose cells are coloured by value, in five steps. */
export function heatmap({ rows, columns, values }: Heat, caption: string, word: string): Html {
  const most = Math.max(1, ...values.flat().map((value) => value ?? 0));
  const level = (value: number) => (value === 0 ? 0 : Math.max(1, Math.ceil((value / most) * 4)));
  const cell = (value: number | null) =>
    value === null
      ? html`<td class="none"></td>`
      : html`<td class="h${level(value)}">${value === 0 ? html`<span class="sr">0</span>` : Number.isInteger(value) ? value : round(value)}</td>`;
  const body = rows.map((name, at) => html`<tr><th scope="row">${name}</th>${(values[at] ?? []).map(cell)}</tr>`);
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="heat"><caption class="sr">${caption}, ${word}</caption><thead><tr><td></td>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`;
}
