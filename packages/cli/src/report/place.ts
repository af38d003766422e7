/** Where a report looks: a destination by its address, or that of a configuration's pipelines. */
import type { Destination } from "@org/destination";
import { type Loaded, loadPipelines } from "../choice.ts";
import type { ConfigFile } from "../config/read.ts";
import { allWithVariables } from "../config/variables.ts";
import { type DuckdbFile, isAddress, parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";

export interface AskedPlace {
  readonly destination: Destination;
  /** Where it is a DuckDB file that readers read themselves. */
  readonly uncopied?: DuckdbFile;
  /** The configuration, where there is one. */
  readonly loaded?: Loaded;
  /** Only these pipelines. @default all that it holds */
  readonly pipelines?: readonly string[];
  /** Where the pipelines' servers are, as far as a configuration says. */
  readonly servers: ReadonlyMap<string, { readonly kind: "airflow" | "dagster"; readonly url: string }>;
  /** Parameters of questions that a configuration says, by their names: `expect`, `pairs` and `servers`. */
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
      throw new UsageError("--at already names a destination: use --config only with the name of a pipeline.");
    }
    const { destination, uncopied } = await parseDestination(at, { label: "--at" });
    return { destination, ...(uncopied && { uncopied }), ...named, servers: new Map(), said: {} };
  }
  const wanted = at === undefined ? names : [...new Set([at, ...names])];
  const loaded = await loadPipelines(wanted, config === undefined ? {} : { config }, io);
  const { chosen, file } = loaded;
  const places = new Set(chosen.map(({ to, schema }) => JSON.stringify([to, schema])));
  const [first] = chosen;
  if (!first || places.size > 1) {
    const all = chosen.map(({ name, to }) => `${name} (${to})`).join(", ");
    throw new UsageError(`A report covers one destination. Name pipelines that share one: ${all}.`);
  }
  const { destination, uncopied } = await first.place();
  const servers = chosen.flatMap(({ name, kind, url }) => (url === undefined ? [] : [[name, { kind, url }] as const]));
  const said = {
    ...saidIn(file, io),
    ...(servers.length > 0 && { servers: servers.map(([pipeline, server]) => ({ pipeline, ...server })) }),
  };
  const pipelines = chosen.map(({ name }) => name);
  return { destination, ...(uncopied && { uncopied }), loaded, pipelines, servers: new Map(servers), said };
}

/** Parameters of a question that the configuration says. */
export function saidFor(
  { parameters }: { readonly parameters: object },
  { said }: Pick<AskedPlace, "said">,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(said).filter(([name]) => Object.hasOwn(parameters, name)));
}

/** The same for all questions, by their names. */
export function parametersSaid(
  questions: readonly { readonly name: string; readonly parameters: object }[],
  place: Pick<AskedPlace, "said">,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return Object.fromEntries(questions.map((question) => [question.name, saidFor(question, place)]));
}

function saidIn(file: ConfigFile, { env }: Pick<Io, "env">): AskedPlace["said"] {
  const { expect, pairs } = file.config;
  const said = { ...(expect && { expect }), ...(pairs && { pairs }) };
  return allWithVariables(said, env, [], (path, reason): never => {
    throw new UsageError(`${file.where(path)} ${reason}`);
  });
}
