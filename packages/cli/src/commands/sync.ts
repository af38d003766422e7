import type { Command } from "commander";
import { loadPipelines, optionsOrNames } from "../choice.ts";
import { destinationForms } from "../destinations.ts";
import type { Outcome } from "../main.ts";
import { pipelineFromOptions } from "../pipeline.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { syncMany } from "../sync/many.ts";
import { syncAsJson, syncForPeople } from "../sync/one.ts";
import { parseCount, type SyncFlags } from "../sync/run.ts";
import { uniteViews } from "../sync/views.ts";

interface SyncCommandOptions extends SyncFlags {
  readonly from?: string;
  readonly to?: string;
  readonly pipeline?: string;
  readonly config?: string;
  readonly parallel?: string;
  readonly batch: boolean;
  readonly json?: true;
}

export function addSync(program: Command, io: SafeIo, outcome: Outcome): void {
  program
    .command("sync")
    .description("copy what changed since the last sync; the first one copies everything")
    .argument("[pipelines...]", "of the configuration (default: all)")
    .option("--from <source>", "airflow:http://… or dagster:http://…, instead of a configuration")
    .option("--to <destination>", destinationForms)
    .option("--config <file>", "what to sync, where --from and --to do not say it (default: dagsync.yaml)")
    .option("--parallel <number>", "pipelines of the configuration at once (default: 2)")
    .option("--streams <names>", "only these, separated by commas (default: all)")
    .option("--full-refresh", "forget the stored state and read everything again")
    .option("--reconcile", "look for deletions too, now")
    .option("--reconcile-every <duration>", "how often to look for deletions: 12h, 1d, off (default: 1d)")
    .option("--allow-mass-delete", "believe it when more than 20 % and more than 100 rows of a table are gone")
    .option("--no-batch", "list Airflow's rows by GET: slower, and writes no lines into its audit log")
    .option("--pipeline <name>", "owner of the tables, the same from sync to sync (default: source and host)")
    .option("--json", "write every event, and the result, as a line of JSON to stdout")
    .action(async (names: readonly string[], options: SyncCommandOptions) => {
      const { batch, json = false } = options;
      const named = optionsOrNames(names, options);
      if (named) {
        const open = () => pipelineFromOptions({ ...options, ...named }, io.env);
        outcome.exitCode = json ? await syncAsJson(open, options, io) : await syncForPeople(await open(), options, io);
        return;
      }
      const parallel = parseCount("--parallel", options.parallel ?? "2");
      const loaded = await loadPipelines(names, options, io);
      outcome.exitCode = await syncMany(loaded.chosen, { flags: options, batch, parallel, json }, io);
      outcome.exitCode = await uniteViews(loaded, outcome.exitCode, io);
    });
}
