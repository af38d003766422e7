/** What the days of all jobs show together. */
import type { Answer } from "../answer.ts";
import type { Heat } from "./charts.ts";

/** More rows or columns would be unreadable. */
const MOST_JOBS = 20;
const MOST_DAYS = 31;

type Row = Readonly<Record<string, unknown>>;

const rowsOf = (answer: Answer) => answer.rows as readonly Row[];

/** In percent, by day. */
export function successByDay(days: Answer): readonly (number | null)[] {
  const sums = new Map<string, [good: number, bad: number]>();
  for (const { day, succeeded, failed } of rowsOf(days)) {
    const [good, bad] = sums.get(String(day)) ?? [0, 0];
    sums.set(String(day), [good + Number(succeeded), bad + Number(failed)]);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, [good, bad]]) => (good * 100) / (good + bad));
}

/** Failed runs by job and day, for the jobs that fail most. */
export function failuresByDay(days: Answer): Heat | undefined {
  const rows = rowsOf(days);
  const dates = [...new Set(rows.map(({ day }) => String(day)))].sort().slice(-MOST_DAYS);
  const jobs = [...Map.groupBy(rows, ({ pipeline, name }) => JSON.stringify([pipeline, name])).values()]
    .map((own) => ({ own, failed: own.reduce((sum, { failed }) => sum + Number(failed), 0) }))
    .filter(({ failed }) => failed > 0)
    .sort((a, b) => b.failed - a.failed)
    .slice(0, MOST_JOBS);
  if (jobs.length === 0) return undefined;
  const values = jobs.map(({ own }) => {
    const byDay = new Map<string, number>();
    for (const { day, failed } of own) byDay.set(String(day), (byDay.get(String(day)) ?? 0) + Number(failed));
    return dates.map((date) => byDay.get(date) ?? null);
  });
  return { rows: jobs.map(({ own }) => String(own[0]?.name)), columns: dates.map((date) => date.slice(5)), values };
}

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** An answer whose chart is a heatmap, such as weekdays by hours. */
export function heatOf(
  { question, rows }: Answer,
  _timezone: string,
): { readonly heat: Heat; readonly word: string } | undefined {
  const { chart } = question;
  if (chart.kind !== "heatmap" || !(chart.x in question.columns) || !(chart.y in question.columns)) return undefined;
  const distinct = (name: string) =>
    [...new Set((rows as readonly Row[]).map((row) => row[name]))].sort((a, b) => Number(a) - Number(b));
  const [across, down] = [distinct(chart.x), distinct(chart.y)];
  if (across.length > MOST_DAYS || down.length > MOST_JOBS) return undefined;
  const values = down.map((y) =>
    across.map((x) => {
      const row = (rows as readonly Row[]).find((each) => each[chart.x] === x && each[chart.y] === y);
      const value = row?.[chart.value];
      return typeof value === "number" ? Math.round(value * 10) / 10 : null;
    }),
  );
  const named = (name: string, value: unknown) =>
    name === "weekday" && typeof value === "number" ? (weekdays[(value + 6) % 7] ?? String(value)) : String(value);
  const heat = { rows: down.map((y) => named(chart.y, y)), columns: across.map((x) => named(chart.x, x)), values };
  return { heat, word: chart.value.replaceAll("_", " ") };
}
