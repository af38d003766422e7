/** A view per table that combines several pipelines: `all_airflow_dag_runs`, with the name of each row's pipeline. */
import type { Destination, Table } from "@org/destination";
import { chooseStreams } from "@org/sync-engine";
import type { Loaded } from "../choice.ts";
import type { ConfiguredPipeline } from "../config/pipelines.ts";
import { placeOf } from "../config/pipelines.ts";
import { UsageError } from "../errors.ts";
import { exitCodeOf, worstOf } from "../exit-code.ts";
import type { Io } from "../io.ts";
import type { Pipeline } from "../pipeline.ts";
import { failureText } from "../render/failure.ts";

interface Part {
  readonly pipeline: string;
  readonly table: Table;
  readonly schema?: string;
}

/**
 * Creates the views in each synced destination that supports them and holds two or more of the configuration's
 * pipelines of one kind.
 *
 * @param exitCode that of the syncs
 * @returns the worse of that and the views' own. Errors are reported.
 */
export async function uniteViews({ file, all, chosen }: Loaded, exitCode: number, io: Io): Promise<number> {
  if (io.signal?.aborted) return exitCode;
  let worst = exitCode;
  for (const to of new Set(chosen.map((pipeline) => pipeline.to))) {
    const inside = all.filter((pipeline) => pipeline.to === to);
    for (const alike of Map.groupBy(inside, ({ kind }) => kind).values()) {
      if (alike.length < 2) continue;
      try {
        const { destination } = await placeOf(file, to, io.env);
        if (destination.uniteTables) await unite(destination, alike);
      } catch (thrown) {
        io.stderr.write(`dagsync: The views of destination ${to} could not be made: ${failureText(thrown)}\n`);
        worst = worstOf([worst, exitCodeOf(thrown)]);
      }
    }
  }
  return worst;
}

/** Creates the views for pipelines of one kind. @param destination theirs, without prefix and exclusions */
export async function unite(destination: Destination, pipelines: readonly ConfiguredPipeline[]): Promise<void> {
  const views = new Map<string, Part[]>();
  for (const { schema, open } of pipelines) {
    // A pipeline with unset variables was not synced either, and joins the views once it is.
    const pipeline = await open().catch((error) => {
      if (error instanceof UsageError) return undefined;
      throw error;
    });
    for (const [name, table] of pipeline ? await tablesOf(pipeline) : []) {
      const part = { pipeline: pipeline!.name, table, ...(schema !== undefined && { schema }) };
      views.set(name, [...(views.get(name) ?? []), part]);
    }
  }
  const width = ({ table }: Part) => Object.keys(table.columns).length;
  for (const [name, parts] of views) {
    // A view has the columns of its first part: the one that excludes the fewest.
    parts.sort((a, b) => width(b) - width(a));
    await destination.uniteTables?.({ view: `all_${name}`, parts });
  }
}

/** A pipeline's existing tables as they are stored, by name without a prefix. */
async function tablesOf({
  name,
  source,
  streams,
  destination,
}: Pipeline): Promise<readonly (readonly [string, Table])[]> {
  const real = (table: Table) => [table.name, destination.realTable?.(table) ?? table] as const;
  if (!destination.contents) return chooseStreams(source, streams).map(({ table }) => real(table));
  const tables = source.streams.map(({ table }) => real(table));
  const own = (await destination.contents()).find(({ pipeline }) => pipeline === name);
  return tables.filter(([, { name }]) => own?.tables.some((stored) => stored.name === name));
}
