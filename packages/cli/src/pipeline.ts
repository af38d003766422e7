import { type Destination, withoutColumns, withTablePrefix } from "@org/destination";
import { defaultPipeline, type Source } from "@org/sync-engine";
import { type OpenedDestination, parseDestination } from "./destinations.ts";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { parseSource } from "./sources.ts";

/** A source and a destination, ready to be synced. Neither has been contacted yet. */
export interface Pipeline {
  /** Owns the tables. */
  readonly name: string;
  readonly source: Source;
  /** As a sync sees it: with a prefix, without excluded columns. */
  readonly destination: Destination;
  /** The original destination. */
  readonly place: OpenedDestination;
  /** The excluded columns, by table name. */
  readonly excluded: { readonly [table: string]: readonly string[] };
  readonly prefix?: string | undefined;
  /** @default the source's default ones */
  readonly streams?: readonly string[] | undefined;
  /** How often deletions are looked for, in ms. */
  readonly reconcileEveryMs?: number | undefined;
  /** Maximum number of concurrent requests to the server. */
  readonly concurrency?: number | undefined;
  /** How far back the history reaches, in ms. */
  readonly historyMs?: number | undefined;
  /** How long samples are kept, in ms. */
  readonly keepSamplesMs?: number | undefined;
}

/** A pipeline given by options instead of a configuration. */
export interface PipelineOptions {
  readonly from: string;
  readonly to: string;
  readonly pipeline?: string | undefined;
  readonly batch?: boolean | undefined;
}

/** @throws UsageError */
export async function pipelineFromOptions(options: PipelineOptions, env: Io["env"]): Promise<Pipeline> {
  const source = parseSource(options.from, env, { batch: options.batch ?? true });
  const place = await parseDestination(options.to);
  const given = options.pipeline?.trim();
  if (given === "") throw new UsageError("--pipeline is empty: name the pipeline, or leave the option out.");
  return { name: given ?? defaultPipeline(source), source, place, destination: place.destination, excluded: {} };
}

/** A destination with a pipeline's prefix and excluded columns. */
export function shapedDestination(
  destination: Destination,
  { prefix, excluded }: Pick<Pipeline, "prefix" | "excluded">,
): Destination {
  const prefixed = prefix === undefined ? destination : withTablePrefix(destination, prefix);
  return Object.keys(excluded).length === 0 ? prefixed : withoutColumns(prefixed, excluded);
}
