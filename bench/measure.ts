/** What benches share: one run in a process of its own, and the summary of several. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

export interface Measured {
  readonly ms: number;
  /** What all threads took together: what a busy machine leaves as it is. */
  readonly cpuMs: number;
  /** The most memory that the process ever had. */
  readonly mb: number;
}

/** Measures some work in this process. */
export async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const begun = performance.now();
  const used = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(used);
  return { ms: performance.now() - begun, cpuMs: (user + system) / 1000, mb: process.resourceUsage().maxRSS / 1024 };
}

/** Runs a bench's script again with `--one`, and returns what it prints as JSON. */
export function inProcess(script: string, args: readonly string[]): Measured {
  const all = ["--conditions=@org/source", script, "--one", ...args];
  return JSON.parse(execFileSync(process.execPath, all, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
}

/**
 * Runs a program that prints JSON in its last line, and returns that. Without blocking, since this process has to read the
 * output of a server that it started: the server stops while nobody does.
 */
export async function besideServer<Printed>(program: string, args: readonly string[]): Promise<Printed> {
  const { stdout } = await promisify(execFile)(program, args, { encoding: "utf8" });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Printed;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** The medians of times, and the most memory. */
export const summary = (all: readonly Measured[]): Measured => ({
  ms: Math.round(median(all.map(({ ms }) => ms))),
  cpuMs: Math.round(median(all.map(({ cpuMs }) => cpuMs))),
  mb: Math.round(Math.max(...all.map(({ mb }) => mb))),
});

/** How many times as large. */
export const times = (a: number, b: number): number => Number((a / b).toFixed(2));

/** `fetch`, and how often it was called. */
export function countedFetch(): { readonly fetch: typeof fetch; requests(): number } {
  let requests = 0;
  return {
    fetch(input, init) {
      requests += 1;
      return fetch(input, init);
    },
    requests: () => requests,
  };
}
