import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import type { Run } from "./options.ts";

interface DagsterOptions {
  readonly config: string;
  readonly into: string;
  readonly owner: string;
  readonly dagsync: string;
  readonly workdir?: string;
  readonly url?: string;
  readonly dryRun?: true;
  readonly verify?: true;
}

export function addDeployDagster(deploy: Command, io: SafeIo, run: Run): void {
  deploy
    .command("dagster")
    .description("write a file with the definitions of all schedules: jobs, assets, checks")
    .option("--config <file>", "the schedules", "runner.yaml")
    .requiredOption("--into <folder>", "where the file goes: dagsync_definitions.py")
    .option("--owner <name>", "of the file: a deploy replaces only a file of its own owner", "dagsync")
    .option("--dagsync <command>", "how Dagster's runs start dagsync", "dagsync")
    .option("--workdir <folder>", "where jobs run (default: the current folder)")
    .option("--url <url>", "Dagster's URL, for --verify")
    .option("--dry-run", "only print what would change, as diff -u does")
    .option("--verify", "afterwards, read back from the server at --url whether everything is loaded and limited")
    .action(
      run(async ({ config, workdir, url, dryRun, verify, ...options }: DagsterOptions) => {
        if (verify && url === undefined) throw new UsageError("--verify asks the server: add --url.");
        const { readRunner } = await import("../config/runner-file.ts");
        const file = await readRunner(config, io.signal, { disabledToo: true });
        for (const notice of file.notices) io.stderr.write(`dagsync: ${escaped(notice)}\n`);
        const { deployDagster } = await import("../deploy/dagster/deploy.ts");
        const folder = workdir ?? process.cwd();
        return deployDagster(file, { ...options, folder, dryRun: dryRun === true, verify: verify && url }, io);
      }),
    );
}
