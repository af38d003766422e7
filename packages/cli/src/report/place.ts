/** Where a report looks: a destination by its address, or that of a configuration's pipelines. */
import type { Destination } from "@org/destination";
import { loadPipelines } from "../choice.ts";
import type { ConfigFile } from "../config/read.ts";
import { allWithVariables } from "../config/variables.ts";
import { isAddress, parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";

export interface AskedPlace {
  readonly destination: Destination;
  /** Only these pipelines. @default all that it holds */
  readonly pipelines?: readonly string[];
  /** Where the pipelines' servers are, as far as a configuration says. */
  readonly servers: ReadonlyMap<string, { readonly kind: "airflow" | "dagster"; readonly url: string }>;
  /** Parameters of questions that a configuration says, by their names: `expect` and `pairs`. */
  readonly said: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * @param names pipelines
 * @param options.at a destination's address, or the name of a pipeline
 * @throws UsageError
 */
export async function askedPlace(
  names: readonly string[],
  { at, config }: { readonly at?: string; readonly config?: string },
  io: Io,
): Promise<AskedPlace> {
  const named = names.length > 0 && { pipelines: names };
  if (at !== undefined && isAddress(at)) {
    if (config !== undefined) {
      throw new UsageError("--at says where the tables are: --config goes with a pipeline's name.");
    }
    const { destination } = await parseDestination(at, { label: "--at" });
    return { destination, ...named, servers: new Map(), said: {} };
  }
  const wanted = at === undefined ? names : [...new Set([at, ...names])];
  const { chosen, file } = await loadPipelines(wanted, config === undefined ? {} : { config }, io);
  const places = new Set(chosen.map(({ to, schema }) => JSON.stringify([to, schema])));
  const [first] = chosen;
  if (!first || places.size > 1) {
    const all = chosen.map(({ name, to }) => `${name} (${to})`).join(", ");
    throw new UsageError(`A report is of one destination. Name pipelines that share one: ${all}.`);
  }
  const { destination } = await first.place();
  const servers = chosen.flatMap(({ name, kind, url }) => (url === undefined ? [] : [[name, { kind, url }] as const]));
  const said = saidIn(file, io);
  return { destination, pipelines: chosen.map(({ name }) => name), servers: new Map(servers), said };
}

/** Parameters of a question that the configuration says. */
export function saidFor(
  { parameters }: { readonly parameters: object },
  { said }: Pick<AskedPlace, "said">,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(said).filter(([name]) => Object.hasOwn(parameters, name)));
}

function saidIn(file: ConfigFile, { env }: Pick<Io, "env">): AskedPlace["said"] {
  const { expect, pairs } = file.config;
  const said = { ...(expect && { expect }), ...(pairs && { pairs }) };
  return allWithVariables(said, env, [], (path, reason): never => {
    throw new UsageError(`${file.where(path)} ${reason}`);
  });
}
