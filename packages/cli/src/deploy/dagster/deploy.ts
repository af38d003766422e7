/** `dagsync deploy dagster`: writes the definitions file, and tells what else Dagster needs. */
import { join } from "node:path";
import type { RunnerFile } from "../../config/runner-file.ts";
import { exitCodes } from "../../exit-code.ts";
import { escaped, type SafeIo } from "../../render/safe-output.ts";
import { wordsOf } from "../command-line.ts";
import { applyChange, changesIn, checkOwner, diffOf, headerOf, ownFiles } from "../files.ts";
import { printChange, printSummary } from "../print.ts";
import { definitionsText, fileName } from "./definitions.ts";
import { limitsOf, limitsText } from "./limits.ts";
import { dagsterDefinitionsOf } from "./schedules.ts";

export interface DeployDagsterOptions {
  /** Where the file goes. */
  readonly into: string;
  readonly owner: string;
  readonly dagsync: string;
  readonly folder: string;
  readonly dryRun: boolean;
  /** Dagster's URL, to read back from it what became of the file. @default nothing is asked */
  readonly verify: string | undefined;
}

/** @returns the exit code @throws UsageError */
export async function deployDagster(file: RunnerFile, options: DeployDagsterOptions, io: SafeIo): Promise<number> {
  const { into, folder, dryRun } = options;
  const header = headerOf("dagster", checkOwner(options.owner));
  const own = await ownFiles(into, header, "--into");
  const isEnabled = ({ name }: { readonly name: string }) => !file.disabled.includes(name);
  const dagsync = wordsOf("--dagsync", options.dagsync);
  const { schedules, verifications } = await dagsterDefinitionsOf(
    { schedules: file.all, isEnabled },
    { dagsync, folder },
    io,
  );
  for (const { name } of schedules.filter(({ cron, catchup }) => cron !== null && catchup !== "one")) {
    io.stderr.write(
      `dagsync: ${escaped(name)}: after a pause, Dagster makes up for one missed run of a cron schedule, whatever catchup says.\n`,
    );
  }
  const text = definitionsText(header, schedules, verifications);
  const changes = await changesIn(into, { own, wanted: new Map([[fileName, text]]) });
  for (const change of changes) {
    if (dryRun) io.stdout.write(diffOf(change));
    else await applyChange(into, change);
    if (!dryRun) printChange(change, io);
  }
  printSummary({ changes, unchanged: own.size, dryRun }, io);
  const limits = limitsOf(schedules, file.concurrencyPerTenant);
  if (!dryRun && options.verify !== undefined) {
    const { verifyDagster } = await import("./verify.ts");
    return verifyDagster({ url: options.verify, schedules, limits }, io);
  }
  if (changes.some(({ kind }) => kind === "new")) io.stdout.write(`\n${workspaceText(join(into, fileName))}`);
  if (changes.length > 0 && limits.length > 0) io.stdout.write(`\nFor dagster.yaml:\n\n${limitsText(limits)}`);
  return exitCodes.done;
}

function workspaceText(path: string): string {
  return `For workspace.yaml, if it does not load the file yet:\n\nload_from:\n  - python_file: ${JSON.stringify(path)}\n`;
}
