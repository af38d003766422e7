/** `results.json`: what was measured, where, and how README.md shows it. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";

/** A section of the file, by the name of its bench. */
export interface Section {
  readonly measuredOn: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** With which it is repeated. */
  readonly options: Readonly<Record<string, string>>;
  readonly results: unknown;
  readonly ratios: Ratios;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly gb: number;
  /** Processes that were running or waiting to, on average over the minute before. Above `cores`, others were at work. */
  readonly load: number;
}

/** Numbers that do not depend on the machine. */
export type Ratios = Readonly<Record<string, { readonly value: number; readonly better: "higher" | "lower" }>>;

/** How much worse a ratio may be before it fails. */
const TOLERANCE = 0.2;

const file = new URL("results.json", import.meta.url);
/** Which of them has a bench's table, its markers say. */
const readmes = ["../README.md", "../packages/sources/README.md"].map((path) => new URL(path, import.meta.url));

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    gb: Math.round(totalmem() / 2 ** 30),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

export function load(): Record<string, Section> {
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, Section>;
}

export function save(name: string, section: Section): void {
  writeFileSync(file, `${JSON.stringify({ ...load(), [name]: section }, null, 2)}\n`);
}

/** @returns a line per ratio that is worse than the committed one by more than 20 % */
export function worse(before: Ratios, now: Ratios): readonly string[] {
  return Object.entries(before).flatMap(([name, { value, better }]) => {
    const found = now[name]?.value;
    if (found === undefined) return [`${name}: not measured`];
    const limit = better === "higher" ? value * (1 - TOLERANCE) : value * (1 + TOLERANCE);
    const isWorse = better === "higher" ? found < limit : found > limit;
    return isWorse ? [`${name}: ${found}, was ${value} (${better} is better)`] : [];
  });
}

/** Replaces a bench's table in a README. */
export function writeTable(name: string, markdown: string): void {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  for (const readme of readmes) {
    const text = readFileSync(readme, "utf8");
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) continue;
    writeFileSync(readme, `${text.slice(0, from + begin.length)}\n\n${markdown.trim()}\n\n${text.slice(to)}`);
    return;
  }
  throw new Error(`No README has ${begin} … ${end}.`);
}

/** What the numbers of a section depend on, and how to repeat them. */
export function caption(name: string, { measuredOn, machine, versions, options }: Section): string {
  const { cpu, cores, gb, load } = machine;
  const busy =
    load > cores ? `, busy with other work (load ${load})` : load < 1 ? ", otherwise idle" : ` (load ${load})`;
  const used = Object.entries(versions).map(([program, version]) => `${titles[program] ?? program} ${version}`);
  const how = Object.entries(options).map(([option, value]) => ` --${option} ${value}`);
  return [
    `Measured on ${measuredOn} on ${cores} cores (${cpu}) and ${gb} GB${busy}, with`,
    `${used.join(", ")}: \`pnpm bench ${name}${how.join("")}\`.`,
  ].join(" ");
}

const titles: Readonly<Record<string, string>> = { node: "Node", airflow: "Airflow", dagster: "Dagster" };

/** A table of Markdown, aligned as the formatter of this repository does. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
