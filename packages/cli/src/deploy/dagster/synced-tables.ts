/** What a `sync` job writes, from its arguments and `dagsync.yaml` alone: neither servers nor variables are needed. */

import type { Schedule } from "@org/runner";
import { chooseStreams, defaultPipeline } from "@org/sync-engine";
import { Command, CommanderError } from "commander";
import { loadPipelines, optionsOrNames } from "../../choice.ts";
import { parseNames } from "../../commands/options.ts";
import { addSync } from "../../commands/sync.ts";
import { offlineSource } from "../../config/source.ts";
import { UsageError } from "../../errors.ts";
import { assetKeyOf } from "../../pipes/asset-key.ts";
import { escaped, type SafeIo } from "../../render/safe-output.ts";
import { parseSource, type SourceKind } from "../../sources.ts";
import type { SyncedTable } from "./definitions.ts";

/** A pipeline that a job syncs. */
export interface SyncedPipeline {
  readonly tables: readonly SyncedTable[];
  /** Arguments of `dagsync` that compare its tables with the server. */
  readonly verify: readonly string[];
}

interface SyncOptions {
  readonly from?: string;
  readonly to?: string;
  readonly pipeline?: string;
  readonly config?: string;
  readonly streams?: string;
}

/** @throws UsageError for arguments that sync does not take, or pipelines that are not in its file */
export async function syncedBy({ name, job }: Schedule, io: SafeIo): Promise<readonly SyncedPipeline[]> {
  if (job.command.kind !== "dagsync" || job.command.args[0] !== "sync") return [];
  try {
    const [names, options] = parsed(job.command.args, io);
    return await pipelinesOf(names, options, io);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof CommanderError)) throw error;
    throw new UsageError(
      `Schedule "${escaped(name)}": which tables its sync writes cannot be told. ${error.message} Deploy from the folder where its jobs run.`,
    );
  }
}

/** As the command itself reads them. */
function parsed(args: readonly string[], io: SafeIo): readonly [names: readonly string[], options: SyncOptions] {
  let given: readonly unknown[] = [];
  const program = new Command().exitOverride().configureOutput({ writeOut() {}, writeErr() {} });
  addSync(program, io, () => async (...all) => {
    given = all;
  });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeOut() {}, writeErr() {} });
  // The action only keeps what it is given, so nothing is left to wait for.
  program.parse(args, { from: "user" });
  return given as unknown as readonly [readonly string[], SyncOptions];
}

async function pipelinesOf(
  names: readonly string[],
  options: SyncOptions,
  io: SafeIo,
): Promise<readonly SyncedPipeline[]> {
  const streams = parseNames(options.streams);
  const named = optionsOrNames(names, options);
  if (named) {
    const source = parseSource(named.from, {});
    const pipeline = options.pipeline?.trim() || defaultPipeline(source);
    const kind = named.from.split(":", 1)[0] as SourceKind;
    const verify = ["verify", "--from", named.from, "--to", named.to];
    return [{ tables: tablesOf(kind, { pipeline, streams }), verify }];
  }
  const { chosen } = await loadPipelines(names, options, io);
  return chosen.map(({ name: pipeline, kind, prefix, streams: own }) => ({
    tables: tablesOf(kind, { pipeline, prefix, streams: streams ?? own }),
    verify: ["verify", pipeline, ...(options.config === undefined ? [] : ["--config", options.config])],
  }));
}

interface Chosen {
  readonly pipeline: string;
  readonly prefix?: string | undefined;
  readonly streams: readonly string[] | undefined;
}

function tablesOf(kind: SourceKind, { pipeline, prefix = "", streams }: Chosen): readonly SyncedTable[] {
  return chooseStreams(offlineSource(kind), streams).map(({ name, table }) => {
    const key = assetKeyOf(pipeline, `${prefix}${table.name}`);
    return { key, stream: name, description: table.description, kind, group: key[0] };
  });
}
