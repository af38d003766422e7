/**
 * All output of the command passes through here. Much of it comes from servers and databases, and a terminal, or a
 * viewer of logs, would interpret some of it: set titles and the clipboard, erase lines, change the writing direction,
 * set a build's variables.
 */
import { once } from "node:events";
import { visible } from "@org/kit";
import type { Io, Output } from "../io.ts";
import type { Pipes } from "../pipes/pipes.ts";

/** The {@link Io} of a running command. */
export interface SafeIo extends Io {
  readonly stdout: SafeOutput;
  readonly stderr: SafeOutput;
  /** Where Dagster is told what happens, if it started the command. */
  readonly pipes?: Pipes | undefined;
}

/**
 * Writes text with {@link visible} characters only, and without {@link buildCommands}. Moving the cursor is a separate
 * method, so that no text can do it.
 */
export class SafeOutput implements Output {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  get isTTY(): boolean {
    return this.#output.isTTY ?? false;
  }

  get columns(): number {
    // A terminal that does not know its width reports 0.
    return this.#output.columns || 80;
  }

  /** Whether the reader is gone, so that nothing more arrives. */
  get isGone(): boolean {
    return (this.#output as Output & Partial<NodeJS.WritableStream>).writable === false;
  }

  /** @returns false if the reader is slower, as with Node's streams: see {@link SafeOutput.drained} */
  write(text: string): unknown {
    return this.#output.write(withoutBuildCommands(visible(text)));
  }

  /** Erases the cursor's line. */
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
 * Commands that CI systems execute from a build's log: GitHub `::set-env …::` at the start of a line and `##[…]`
 * anywhere, Azure `##vso[…]`, TeamCity `##teamcity[…]`.
 */
const buildCommands = /#(?=#(?:vso|teamcity)?\[)|(?<=^[^\S\n]*):(?=:[a-z])/gim;

/** With JSON's escapes, like {@link visible}. */
function withoutBuildCommands(text: string): string {
  if (!/##|::/.test(text)) return text;
  return text.replace(buildCommands, (mark) => (mark === "#" ? "\\u0023" : "\\u003a"));
}

/** Whether a progress line can be used: on a capable terminal, unless the user disabled it, and not in a build log. */
export function canMove({ stderr, env }: Pick<Io, "stderr" | "env">): boolean {
  if (!stderr.isTTY || env.TERM === "dumb") return false;
  const { FORCE_COLOR: forced } = env;
  if (forced !== undefined && forced !== "") return !/^(0|false)$/i.test(forced);
  return !env.NO_COLOR && !(env.CI && !/^(0|false)$/i.test(env.CI));
}

/** The maximum length of a single message, in characters: some servers answer with megabytes. */
const LONGEST = 2000;

/** The maximum for several. */
const LONGEST_TEXT = 20_000;

/** Foreign text as a single line, so that nothing in it can pass for another line. */
export function escaped(text: string): string {
  return cut(text.replace(/\s*[\n\r\v\f\u0085\u2028\u2029]\s*/g, " ").trim(), LONGEST);
}

/** Text of several lines, shortened if it is too long to read. */
export function shortened(text: string): string {
  return cut(text, LONGEST_TEXT);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).toWellFormed()}… (${text.length - length} more characters)`;
}
