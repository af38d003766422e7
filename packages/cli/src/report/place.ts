/** Finds the destination of a report: by its address, or by a configuration's pipelines. */
import type { Destination } from "@org/destination";
import { type Loaded, loadPipelines } from "../choice.ts";
import type { ConfigFile } from "../config/read.ts";
import { allWithVariables } from "../config/variables.ts";
import { type DuckdbFile, isAddress, parseDestination } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";

export interface ReportTarget {
  readonly destination: Destination;
  /** Set for a DuckDB file without a copy for readers. */
  readonly uncopied?: DuckdbFile;
  /** The configuration, if there is one. */
  readonly loaded?: Loaded;
  /** Only these pipelines. @default all in the destination */
  readonly pipelines?: readonly string[];
  /** The pipelines' servers, as far as the configuration names them. */
  readonly servers: ReadonlyMap<string, { readonly kind: "airflow" | "dagster"; readonly url: string }>;
  /** Parameters of questions from the configuration, by name: `expect`, `pairs` and `servers`. */
  readonly configured: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * @param names pipelines
 * @param options.at a destination's address, or the name of a pipeline
 * @throws UsageError
 */
export async function reportTarget(
  names: readonly string[],
  { at, config }: { readonly at?: string; readonly config?: string },
  io: Io,
): Promise<ReportTarget> {
  const named = names.length > 0 && { pipelines: names };
  if (at !== undefined && isAddress(at)) {
    if (config !== undefined) {
      throw new UsageError("--at already names a destination: use --config only with the name of a pipeline.");
    }
    const { destination, uncopied } = await parseDestination(at, { label: "--at" });
    return { destination, ...(uncopied && { uncopied }), ...named, servers: new Map(), configured: {} };
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
  const configured = {
    ...configuredIn(file, io),
    ...(servers.length > 0 && { servers: servers.map(([pipeline, server]) => ({ pipeline, ...server })) }),
  };
  const pipelines = chosen.map(({ name }) => name);
  return { destination, ...(uncopied && { uncopied }), loaded, pipelines, servers: new Map(servers), configured };
}

/** A question's parameters from the configuration. */
export function configuredFor(
  { parameters }: { readonly parameters: object },
  { configured }: Pick<ReportTarget, "configured">,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(configured).filter(([name]) => Object.hasOwn(parameters, name)));
}

/** The same for all questions, by name. */
export function configuredParameters(
  questions: readonly { readonly name: string; readonly parameters: object }[],
  place: Pick<ReportTarget, "configured">,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return Object.fromEntries(questions.map((question) => [question.name, configuredFor(question, place)]));
}

function configuredIn(file: ConfigFile, { env }: Pick<Io, "env">): ReportTarget["configured"] {
  const { expect, pairs } = file.config;
  const configured = { ...(expect && { expect }), ...(pairs && { pairs }) };
  return allWithVariables(configured, env, [], (path, reason): never => {
    throw new UsageError(`${file.where(path)} ${reason}`);
  });
}
