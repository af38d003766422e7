import { type Destination, withoutColumns, withTablePrefix } from "@org/destination";
import { defaultPipeline, type Source } from "@org/sync-engine";
import { type OpenedDestination, parseDestination } from "./destinations.ts";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { parseSource } from "./sources.ts";

/** A source and a destination, ready to be synced. Nothing was asked of either yet. */
export interface Pipeline {
  /** Owns the tables. */
  readonly name: string;
  readonly source: Source;
  /** As a sync is to see it: with a prefix, without columns. */
  readonly destination: Destination;
  /** The same as it is. */
  readonly place: OpenedDestination;
  /** The columns that are not stored, by the names of their tables. */
  readonly excluded: { readonly [table: string]: readonly string[] };
  readonly prefix?: string | undefined;
  /** @default all of the source */
  readonly streams?: readonly string[] | undefined;
  /** How often deletions are looked for, in ms. */
  readonly reconcileEveryMs?: number | undefined;
}

/** What the commands say about a pipeline that no file describes. */
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

/** A destination with what a pipeline wants of it. */
export function shapedDestination(
  destination: Destination,
  { prefix, excluded }: Pick<Pipeline, "prefix" | "excluded">,
): Destination {
  const prefixed = prefix === undefined ? destination : withTablePrefix(destination, prefix);
  return Object.keys(excluded).length === 0 ? prefixed : withoutColumns(prefixed, excluded);
}
