/**
 * All that the command writes goes through here. Much of it is what servers and databases say, and a terminal, or
 * whoever shows a log, would obey some of it: set titles and the clipboard, wipe lines, turn the direction of writing, set
 * variables of a build.
 */
import { once } from "node:events";
import { visible } from "@org/kit";
import type { Io, Output } from "../io.ts";

/** The {@link Io} of a command that is running. */
export interface SafeIo extends Io {
  readonly stdout: SafeOutput;
  readonly stderr: SafeOutput;
}

/** Writes text with {@link visible} characters only, and no {@link buildCommands}. What moves the cursor is a method, so that no text can do it. */
export class SafeOutput implements Output {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  get isTTY(): boolean {
    return this.#output.isTTY ?? false;
  }

  get columns(): number {
    // A terminal that does not know its width says 0.
    return this.#output.columns || 80;
  }

  /** @returns false where the reader is slower, as Node's streams have it: see {@link SafeOutput.drained} */
  write(text: string): unknown {
    return this.#output.write(withoutBuildCommands(visible(text)));
  }

  /** Empties the line that the cursor is in. */
  eraseLine(): void {
    this.#output.write("\r\u001b[2K");
  }

  /** Waits until the reader has caught up, or is gone. @throws the stream's error, such as ENOSPC */
  async drained(): Promise<void> {
    const stream = this.#output as Output & Partial<NodeJS.EventEmitter>;
    if (!stream.once) return;
    const emitter = stream as unknown as NodeJS.EventEmitter;
    const settled = new AbortController();
    const { signal } = settled;
    await Promise.race([once(emitter, "drain", { signal }), once(emitter, "close", { signal })]).finally(() =>
      settled.abort(),
    );
  }
}

/**
 * What those who run builds obey in the log of one: GitHub `::set-env …::` at the beginning of a line and `##[…]` anywhere,
 * Azure `##vso[…]`, TeamCity `##teamcity[…]`.
 */
const buildCommands = /#(?=#(?:vso|teamcity)?\[)|(?<=^[^\S\n]*):(?=:[a-z])/gim;

/** In JSON's escapes, as {@link visible} has them. */
function withoutBuildCommands(text: string): string {
  if (!/##|::/.test(text)) return text;
  return text.replace(buildCommands, (mark) => (mark === "#" ? "\\u0023" : "\\u003a"));
}

/** Whether a line may move: on a terminal that can, whose owner wants it, and that no build log is made of. */
export function canMove({ stderr, env }: Pick<Io, "stderr" | "env">): boolean {
  if (!stderr.isTTY || env.TERM === "dumb") return false;
  const { FORCE_COLOR: forced } = env;
  if (forced !== undefined && forced !== "") return !/^(0|false)$/i.test(forced);
  return !env.NO_COLOR && !(env.CI && !/^(0|false)$/i.test(env.CI));
}

/** How long one thing that is told may be, in characters: some servers answer with megabytes. */
const LONGEST = 2000;

/** And all that is told at once. */
const LONGEST_TEXT = 20_000;

/** What somebody else said, as a line of ours: nothing in it can pass for another line. */
export function escaped(text: string): string {
  return cut(text.replace(/\s*[\n\r\v\f\u0085\u2028\u2029]\s*/g, " ").trim(), LONGEST);
}

/** Text of several lines, shortened where it is too long to be read. */
export function shortened(text: string): string {
  return cut(text, LONGEST_TEXT);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).toWellFormed()}… (${text.length - length} more characters)`;
}
