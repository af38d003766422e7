/** Programs that copy the same server in turns, each in a process of its own: what they lost, then what they took. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CheckedRow, Contender, Copied, Tables, Target } from "./contender.ts";
import { readJson } from "./contender.ts";
import { besideServer, type Measured, measured, median, summary, times } from "./measure.ts";
import { markdownTable, type Ratios } from "./results.ts";

/** The ceiling repeats what ours has sent, so it follows. */
export const names = ["ours", "ceiling", "loop", "seed", "dlt"] as const;
export type Name = (typeof names)[number];
type Contenders<T extends Target> = Readonly<Record<Exclude<Name, "dlt">, Contender<T>>>;

export interface Result extends Measured {
  readonly requests: number;
  readonly rows: number;
  readonly missing: number;
  readonly wrong: number;
  /** Until all rows of the last seven days were stored. Absent: they never were. */
  readonly recentMs?: number;
}

export type Results = Partial<Record<Name, Result>>;
type Copy = Measured & Copied;

export interface Competition<T extends Target> {
  /** Of the bench. It calls {@link copyOnce} if its first argument is `--one`. */
  readonly script: string;
  readonly contenders: Contenders<T>;
  readonly chosen: readonly Name[];
  readonly runs: number;
  readonly folder: string;
  /** The server, for a contender that may write to a folder. */
  target(folder: string): T;
  /** dlt's pipeline, and the Python that has dlt. */
  readonly dlt: { readonly python: string; readonly pipeline: URL };
  readonly truth: Tables;
  /** The table whose last seven days count. */
  readonly dated: string;
  log(line: string): void;
}

/** One copy, in a process of its own. */
export function runOne<T extends Target>(
  { script, dlt }: Pick<Competition<T>, "script" | "dlt">,
  name: Name,
  target: T,
): Promise<Copy> {
  if (name === "dlt") {
    return besideServer<Copy>(dlt.python, [fileURLToPath(dlt.pipeline), target.url, target.folder]);
  }
  const args = ["--conditions=@org/source", script, "--one", name, JSON.stringify(target)];
  return besideServer<Copy>(process.execPath, args);
}

/** What such a process does, if `args` say so. */
export async function copyOnce<T extends Target>(contenders: Contenders<T>, args: readonly string[]): Promise<void> {
  const [first, name, target] = args;
  if (first !== "--one") return;
  let copied: Copied | undefined;
  const cost = await measured(async () => {
    copied = await contenders[name as keyof typeof contenders].copy(JSON.parse(target!) as T);
  });
  console.log(JSON.stringify({ ...cost, ...copied }));
}

const byKey = (rows: readonly CheckedRow[]) =>
  new Map(rows.map((row) => [JSON.stringify(row.slice(0, -1)), row.at(-1)]));

/** Rows that the server has and the copy does not, and rows that differ or that the server does not have. */
export function compareRows(truth: readonly CheckedRow[], copied: readonly CheckedRow[]) {
  const [expected, found] = [byKey(truth), byKey(copied)];
  const missing = [...expected.keys()].filter((key) => !found.has(key)).length;
  const wrong = [...found].filter(([key, state]) => !expected.has(key) || expected.get(key) !== state).length;
  return { missing, wrong: wrong + copied.length - found.size };
}

function check(truth: Tables, stored: Tables, dated: string) {
  const all = Object.entries(truth).map(([table, rows]) => ({ table, ...compareRows(rows, stored[table] ?? []) }));
  return {
    missing: all.reduce((sum, { missing }) => sum + missing, 0),
    wrong: all.reduce((sum, { wrong }) => sum + wrong, 0),
    rows: Object.values(stored).reduce((sum, rows) => sum + rows.length, 0),
    hasDated: all.every(({ table, missing }) => table !== dated || missing === 0),
  };
}

function resultOf(copies: readonly Copy[], { hasDated, ...counts }: ReturnType<typeof check>): Result {
  const cost = summary(copies);
  const recentMs = Math.round(median(copies.map(({ recentMs, ms }) => recentMs ?? ms)));
  const requests = median(copies.map((copy) => copy.requests));
  return { ...cost, requests, ...(hasDated && { recentMs }), ...counts };
}

/** In turns, so that whatever else the machine does hits all of them. */
export async function compete<T extends Target>(competition: Competition<T>): Promise<Results> {
  const { contenders, chosen, runs, folder, truth, dated, log } = competition;
  const copies = new Map<Name, Copy[]>();
  const checked = new Map<Name, ReturnType<typeof check>>();
  for (let run = 0; run < runs; run += 1) {
    const place = join(folder, String(run));
    mkdirSync(place);
    const target = competition.target(place);
    for (const name of chosen) {
      const copy = await runOne(competition, name, target);
      copies.set(name, [...(copies.get(name) ?? []), copy]);
      const stored = name === "dlt" ? readJson<Tables>(target, "dlt.json") : await contenders[name].stored(target);
      checked.set(name, check(truth, stored, dated));
      log(`${name}: ${JSON.stringify({ ...copy, ...checked.get(name) })}`);
    }
  }
  return Object.fromEntries(chosen.map((name) => [name, resultOf(copies.get(name)!, checked.get(name)!)]));
}

export function competitionRatios({ ours, ceiling, loop, dlt }: Results): Ratios {
  if (!ours) return {};
  return {
    "wrong or missing rows": { value: ours.wrong + ours.missing, better: "lower" },
    requests: { value: ours.requests, better: "lower" },
    ...(ceiling && { "share of the ceiling": { value: times(ceiling.ms, ours.ms), better: "higher" } }),
    ...(loop && { "time of the loop / ours": { value: times(loop.ms, ours.ms), better: "higher" } }),
    ...(dlt && { "CPU time of dlt / ours": { value: times(dlt.cpuMs, ours.cpuMs), better: "higher" } }),
  };
}

/** @param labels what each contender is */
export function competitionTable(labels: Readonly<Record<Name, string>>, results: Results): string {
  const number = new Intl.NumberFormat("en-US");
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const head = [
    ...["", "missing rows ↓", "wrong rows ↓", "rows/s ↑", "time (s) ↓", "last 7 days (s) ↓"],
    ...["requests ↓", "CPU (s) ↓", "peak memory (MB) ↓"],
  ];
  const lines = names.flatMap((name) => {
    const result = results[name];
    if (!result) return [];
    const { rows, missing, wrong, requests, ms, cpuMs, mb, recentMs } = result;
    const stored =
      name === "ceiling"
        ? ["", "", "", seconds(ms), ""]
        : [
            ...[number.format(missing), number.format(wrong), number.format(Math.round((rows * 1000) / ms))],
            ...[seconds(ms), recentMs === undefined ? "never" : seconds(recentMs)],
          ];
    return [[labels[name], ...stored, number.format(requests), seconds(cpuMs), number.format(mb)]];
  });
  const legend = `↓: less is better; ↑: more is. Last 7 days: when all of their rows were stored.`;
  return `${markdownTable(head, lines)}\n\n${legend}`;
}
