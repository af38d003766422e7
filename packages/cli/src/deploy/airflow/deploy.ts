/** `dagsync deploy airflow`: brings the DAG files, and what they need on the server, to what `runner.yaml` says. */
import type { RunnerFile } from "../../config/runner-file.ts";
import type { SafeIo } from "../../render/safe-output.ts";
import { wordsOf } from "../command-line.ts";
import { applyChange, changesIn, checkOwner, diffOf, type Files, headerOf, ownFiles } from "../files.ts";
import { printChange, printSummary } from "../print.ts";
import { dagFileOf, pausedLine } from "./dag-file.ts";
import { checkDagId, fileNameOf } from "./names.ts";
import type { Operator } from "./task-source.ts";

export interface DeployAirflowOptions {
  readonly dagsFolder: string;
  readonly owner: string;
  readonly dagsync: string;
  readonly operator: Operator;
  readonly dryRun: boolean;
}

/** @throws UsageError */
export async function deployAirflow(file: RunnerFile, options: DeployAirflowOptions, io: SafeIo): Promise<void> {
  const { dagsFolder, dryRun } = options;
  const header = headerOf("airflow", checkOwner(options.owner));
  const own = await ownFiles(dagsFolder, header, "--dags-folder");
  const changes = await changesIn(dagsFolder, { own, wanted: wantedFiles(file, options, { header, own }) });
  for (const change of changes) {
    if (dryRun) io.stdout.write(diffOf(change));
    else await applyChange(dagsFolder, change);
    if (!dryRun) printChange(change, io);
  }
  printSummary({ changes, unchanged: own.size, dryRun }, io);
}

/** The files of the enabled schedules. A disabled one has none; if it had one, it keeps that, as a DAG that is paused. */
function wantedFiles(
  { schedules, disabled }: RunnerFile,
  { dagsync, operator }: DeployAirflowOptions,
  { header, own }: { readonly header: string; readonly own: Files },
): Files {
  const options = { header, dagsync: wordsOf("--dagsync", dagsync), operator };
  const wanted = new Map<string, string>();
  for (const schedule of schedules) {
    checkDagId(schedule.name);
    wanted.set(...dagFileOf(schedule, options));
  }
  for (const name of disabled) {
    const text = own.get(fileNameOf(name));
    if (text !== undefined) wanted.set(fileNameOf(name), text.replace(pausedLine(false), pausedLine(true)));
  }
  return wanted;
}
