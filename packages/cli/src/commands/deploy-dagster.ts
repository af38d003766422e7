import type { Command } from "commander";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import type { Run } from "./options.ts";

interface DagsterOptions {
  readonly config: string;
  readonly into: string;
  readonly owner: string;
  readonly dagsync: string;
  readonly workdir?: string;
  readonly dryRun?: true;
  readonly verify?: string;
}

export function addDeployDagster(deploy: Command, io: SafeIo, run: Run): void {
  deploy
    .command("dagster")
    .description("write a file with the definitions of all schedules: jobs, assets, checks")
    .option("--config <file>", "the schedules", "runner.yaml")
    .requiredOption("--into <folder>", "where the file goes: dagsync_definitions.py")
    .option("--owner <name>", "of the file: a deploy replaces only a file of its own owner", "dagsync")
    .option("--dagsync <command>", "how Dagster's runs start dagsync", "dagsync")
    .option("--workdir <folder>", "where jobs run (default: the present folder)")
    .option("--dry-run", "only print what would change")
    .option("--verify <url>", "Dagster's URL: afterwards, read back from it whether all is loaded and limited")
    .action(
      run(async ({ config, workdir, dryRun, verify, ...options }: DagsterOptions) => {
        const { readRunner } = await import("../config/runner-file.ts");
        const file = await readRunner(config, io.signal, { disabledToo: true });
        for (const notice of file.notices) io.stderr.write(`dagsync: ${escaped(notice)}\n`);
        const { deployDagster } = await import("../deploy/dagster/deploy.ts");
        const folder = workdir ?? process.cwd();
        return deployDagster(file, { ...options, folder, dryRun: dryRun === true, verify }, io);
      }),
    );
}
