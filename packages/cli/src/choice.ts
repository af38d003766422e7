import { type ConfiguredPipeline, choose, pipelinesOf } from "./config/pipelines.ts";
import type { ConfigFile } from "./config/read.ts";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";

/** How a command selects its pipelines. */
export interface Choice {
  readonly from?: string;
  readonly to?: string;
  readonly pipeline?: string;
  readonly config?: string;
}

/** A configuration's pipelines. */
export interface Loaded {
  readonly file: ConfigFile;
  readonly all: readonly ConfiguredPipeline[];
  /** The named ones, or all. */
  readonly chosen: readonly ConfiguredPipeline[];
}

const DEFAULT_FILE = "dagsync.yaml";

/** @throws UsageError */
export async function loadPipelines(names: readonly string[], { config }: Choice, io: Io): Promise<Loaded> {
  // Loads the parsers only if a file is read: they are half of the command's start-up time.
  const { readConfig } = await import("./config/read.ts");
  const file = await readConfig(config ?? DEFAULT_FILE, io.signal);
  const all = pipelinesOf(file, io.env, io.signal);
  return { file, all, chosen: choose(all, names) };
}

/** The named pipeline, or the only one. @throws UsageError */
export async function loadPipeline(names: readonly string[], choice: Choice, io: Io): Promise<ConfiguredPipeline> {
  const { chosen } = await loadPipelines(names, choice, io);
  const [pipeline, ...others] = chosen;
  if (pipeline && others.length === 0) return pipeline;
  throw new UsageError(`Name one pipeline: ${chosen.map(({ name }) => name).join(", ")}.`);
}

/**
 * The source and the destination given by options, or undefined if a configuration names them.
 *
 * @throws UsageError if only one of them is given, or names as well
 */
export function optionsOrNames(
  names: readonly string[],
  { from, to, pipeline, config }: Choice,
): { readonly from: string; readonly to: string } | undefined {
  if (from === undefined && to === undefined) {
    if (pipeline === undefined) return undefined;
    throw new UsageError("--pipeline needs --from and --to: pipelines in a configuration have their own names.");
  }
  if (from === undefined)
    throw new UsageError("--from is missing: --to needs it. Without both, dagsync reads a configuration.");
  if (to === undefined)
    throw new UsageError("--to is missing: --from needs it. Without both, dagsync reads a configuration.");
  refuseBoth(names, config);
  return { from, to };
}

/** @throws UsageError for names that only a configuration can have */
export function refuseBoth(names: readonly string[], config: string | undefined): void {
  if (names.length === 0 && config === undefined) return;
  const what = names.length > 0 ? "Names of pipelines" : "--config";
  throw new UsageError(
    `${what} and --from or --to do not go together: either a configuration says what to do, or these.`,
  );
}

/** `--at`, or its former name. @throws UsageError */
export function atOf({ at, to }: { readonly at?: string; readonly to?: string }): string | undefined {
  if (at !== undefined && to !== undefined && at !== to) {
    throw new UsageError("--at and --to mean the same: use only one of them.");
  }
  return at ?? to;
}
