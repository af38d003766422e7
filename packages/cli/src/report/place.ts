/** Where a report looks: a destination by its address, or that of a configuration's pipelines. */
import type { Destination } from "@org/destination";
import { loadPipelines } from "../choice.ts";
import { parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";

export interface AskedPlace {
  readonly destination: Destination;
  /** Only these pipelines. @default all that it holds */
  readonly pipelines?: readonly string[];
  /** Where the pipelines' servers are, as far as a configuration says. */
  readonly servers: ReadonlyMap<string, { readonly kind: "airflow" | "dagster"; readonly url: string }>;
}

/** @param names pipelines. @throws UsageError */
export async function askedPlace(
  names: readonly string[],
  { at, config }: { readonly at?: string; readonly config?: string },
  io: Io,
): Promise<AskedPlace> {
  const named = names.length > 0 && { pipelines: names };
  if (at !== undefined) {
    if (config !== undefined) throw new UsageError("--at and --config do not go together: either says where to look.");
    const { destination } = await parseDestination(at, { label: "--at" });
    return { destination, ...named, servers: new Map() };
  }
  const { chosen } = await loadPipelines(names, config === undefined ? {} : { config }, io);
  const places = new Set(chosen.map(({ to, schema }) => JSON.stringify([to, schema])));
  const [first] = chosen;
  if (!first || places.size > 1) {
    const all = chosen.map(({ name, to }) => `${name} (${to})`).join(", ");
    throw new UsageError(`A report is of one destination. Name pipelines that share one: ${all}.`);
  }
  const { destination } = await first.place();
  const servers = chosen.flatMap(({ name, kind, url }) => (url === undefined ? [] : [[name, { kind, url }] as const]));
  return { destination, pipelines: chosen.map(({ name }) => name), servers: new Map(servers) };
}
