/** A configuration's pipelines, by name. */
import { dirname } from "node:path";
import { defaultPipeline, streamNames } from "@org/sync-engine";
import { type OpenedDestination, parseDestination } from "../destinations.ts";
import { checkHistory, parseDuration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { didYouMean } from "../nearest.ts";
import { type Pipeline, shapedDestination } from "../pipeline.ts";
import { excludedColumns } from "./exclude.ts";
import type { ConfigFile } from "./read.ts";
import type { PipelineConfig } from "./schema.ts";
import { addressedSource, offlineSource, sourceOf } from "./source.ts";
import { allWithVariables, withVariables } from "./variables.ts";

/** A configured pipeline. Only opening it resolves its variables. */
export interface ConfiguredPipeline {
  /** The given name, or else the source's host; if that is unknown, source and destination. */
  readonly name: string;
  /** The names of source and destination in the file. */
  readonly from: string;
  readonly to: string;
  readonly kind: "airflow" | "dagster";
  /** The server's URL, without credentials; undefined if it is unknown. */
  readonly url: string | undefined;
  readonly schema?: string | undefined;
  /** Of the tables' names. @default none */
  readonly prefix?: string | undefined;
  /** @default the source's default ones */
  readonly streams?: readonly string[] | undefined;
  /** The original destination. @throws UsageError */
  place(): Promise<OpenedDestination>;
  /**
   * @param options.batch whether Airflow's batch endpoints may be used. @default true
   * @param options.isOffline whether only the source's tables are needed, without variables. @default false
   * @throws UsageError
   */
  open(options?: { readonly batch?: boolean; readonly isOffline?: boolean }): Promise<Pipeline>;
}

/**
 * @param signal aborts its sources' waits for files and commands that provide tokens
 * @throws UsageError for pipelines that cannot be distinguished, or that name something unknown
 */
export function pipelinesOf(file: ConfigFile, env: Io["env"], signal?: AbortSignal): readonly ConfiguredPipeline[] {
  const { sources } = file.config;
  const refuse = (path: readonly PropertyKey[], reason: string): never => {
    throw new UsageError(`${file.where(path)} ${reason}`);
  };
  const configs = allWithVariables(file.config.pipelines, env, ["pipelines"], refuse);
  const pipelines = configs.map((config, index) => {
    for (const [key, known] of [["from", sources] as const, ["to", file.config.destinations] as const]) {
      if (Object.hasOwn(known, config[key])) continue;
      const what = key === "from" ? "source" : "destination";
      const names = Object.keys(known);
      const advice =
        didYouMean(config[key], names) || ` There ${names.length === 1 ? "is" : "are"}: ${names.join(", ")}.`;
      refuse(["pipelines", index, key], `names no ${what} of the file.${advice}`);
    }
    return { config, ...pipelineOf(file, config, index, { env, signal }) };
  });
  for (const [index, { name, config }] of pipelines.entries()) {
    const earlier = pipelines.slice(0, index);
    if (earlier.some((other) => other.name === name)) {
      refuse(["pipelines", index], `has the same name as an earlier one, ${name}. Give it its own "name".`);
    }
    const same = earlier.find((other) => sharesTables(file, other.config, config));
    if (same) {
      refuse(["pipelines", index], `would write to the same tables as ${same.name}. Give it its own "prefix".`);
    }
  }
  return pipelines;
}

function pipelineOf(
  file: ConfigFile,
  config: PipelineConfig,
  index: number,
  { env, signal }: { readonly env: Io["env"]; readonly signal: AbortSignal | undefined },
): ConfiguredPipeline {
  const { from, to, prefix, schema, streams } = config;
  const addressed = addressedSource(file, from, env);
  const name = config.name ?? (addressed && defaultPipeline(addressed)) ?? `${from} to ${to}`;
  const path = ["pipelines", index];
  const { kind, concurrency } = file.config.sources[from]!;
  return {
    name,
    from,
    to,
    kind,
    url: addressed?.url,
    ...{ schema, prefix, streams },
    place: () => placeOf(file, to, env, schema),
    async open({ batch = true, isOffline = false } = {}) {
      const source = isOffline ? offlineSource(kind) : sourceOf(file, from, env, { batch, signal });
      checkStreams(streams, source, (at, reason) => {
        throw new UsageError(`${file.where([...path, "streams", at])} ${reason}`);
      });
      const excluded = excludedColumns(source, config.exclude ?? [], (at, reason) => {
        throw new UsageError(`${file.where([...path, "exclude", at])} ${reason}`);
      });
      const place = await placeOf(file, to, env, schema);
      const destination = shapedDestination(place.destination, { prefix, excluded });
      const msOf = (key: "reconcileEvery" | "keepSamples" | "history") =>
        config[key] === undefined ? undefined : parseDuration(file.where([...path, key]), config[key]);
      const historyMs = msOf("history");
      checkHistory(historyMs, file.where([...path, "history"]));
      const durations = { reconcileEveryMs: msOf("reconcileEvery"), keepSamplesMs: msOf("keepSamples"), historyMs };
      return { name, source, place, destination, excluded, prefix, streams, concurrency, ...durations };
    },
  };
}

/** A destination of the configuration. @throws UsageError */
export async function placeOf(
  file: ConfigFile,
  to: string,
  env: Io["env"],
  schema?: string,
): Promise<OpenedDestination> {
  const label = file.where(["destinations", to]);
  const address = withVariables(file.config.destinations[to]!, env, (reason): never => {
    throw new UsageError(`${label} ${reason}`);
  });
  return parseDestination(address, { label, schema, folder: dirname(file.path) });
}

/** Selects by name; without names, all. @throws UsageError for an unknown name */
export function choose<T extends { readonly name: string }>(
  pipelines: readonly T[],
  names: readonly string[],
): readonly T[] {
  const known = pipelines.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const advice = didYouMean(name, known) || ` It has: ${known.join(", ")}.`;
    throw new UsageError(`The configuration has no pipeline ${JSON.stringify(name)}.${advice}`);
  }
  return names.length === 0 ? pipelines : pipelines.filter(({ name }) => names.includes(name));
}

function sharesTables(file: ConfigFile, a: PipelineConfig, b: PipelineConfig): boolean {
  const { sources } = file.config;
  const isSameKind = sources[a.from]!.kind === sources[b.from]!.kind;
  return isSameKind && a.to === b.to && a.schema === b.schema && a.prefix === b.prefix;
}

function checkStreams(
  streams: readonly string[] | undefined,
  source: Pipeline["source"],
  refuse: (index: number, reason: string) => never,
): void {
  const known = streamNames(source);
  for (const [index, name] of (streams ?? []).entries()) {
    if (known.includes(name)) continue;
    const advice = didYouMean(name, known) || ` There are: ${known.join(", ")}.`;
    refuse(index, `names no stream of ${source.name}.${advice}`);
  }
}
