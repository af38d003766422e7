import type { RequestOptions } from "@org/sync-engine";
import type { Interrupted } from "./errors.ts";

/** Where text goes. `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  /** Whether it is a terminal: then progress is shown in place instead of in lines. */
  readonly isTTY?: boolean;
  /** The terminal's width, in characters. @default 80 */
  readonly columns?: number;
}

/** Everything that the command uses of its environment, besides servers and destinations. */
export interface Io {
  /** Results. */
  readonly stdout: Output;
  /** Answers from a person, for `init`. @default there is no one to ask */
  readonly stdin?: NodeJS.ReadableStream | undefined;
  /** Progress and errors. */
  readonly stderr: Output;
  /** The source of credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Stops the command. If its reason is an {@link Interrupted}, the exit code says what stopped it. @default never */
  readonly signal?: AbortSignal;
  /** How requests are retried. @default as the engine does */
  readonly requests?: RequestOptions;
}
