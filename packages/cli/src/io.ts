import type { RequestOptions } from "@org/sync-engine";
import type { Interrupted } from "./errors.ts";

/** Where text goes. `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  /** Whether a person looks at it: a progress display instead of lines. */
  readonly isTTY?: boolean;
  /** Width of the terminal, in characters. @default 80 */
  readonly columns?: number;
}

/** All that the command has to do with the world around it, besides servers and destinations. */
export interface Io {
  /** Results. */
  readonly stdout: Output;
  /** Answers of a person, for `init`. @default nobody is there to ask */
  readonly stdin?: NodeJS.ReadableStream | undefined;
  /** Progress and errors. */
  readonly stderr: Output;
  /** Where credentials come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Stops the command; with an {@link Interrupted} as its reason the exit code says by what. @default never */
  readonly signal?: AbortSignal;
  /** How requests are repeated. @default the engine's */
  readonly requests?: RequestOptions;
}
