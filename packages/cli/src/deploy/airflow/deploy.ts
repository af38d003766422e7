/** `dagsync deploy airflow`: updates DAG files, pools and paused DAGs to match `runner.yaml`. */
import type { AirflowClient } from "@org/airflow-client";
import type { RunnerFile } from "../../config/runner-file.ts";
import { UsageError } from "../../errors.ts";
import { exitCodes } from "../../exit-code.ts";
import { escaped, type SafeIo } from "../../render/safe-output.ts";
import { wordsOf } from "../command-line.ts";
import { applyChange, changesIn, checkOwner, diffOf, type Files, headerOf, ownFiles } from "../files.ts";
import { printChange, printSummary } from "../print.ts";
import { dagFileOf, pausedLine } from "./dag-file.ts";
import { checkDagId, fileNameOf, poolOf } from "./names.ts";
import { connectTo, pauseChanges, poolChanges, type ServerChange } from "./server.ts";
import type { Operator } from "./task-source.ts";
import { verify } from "./verify.ts";

export interface DeployAirflowOptions {
  readonly dagsFolder: string;
  readonly owner: string;
  readonly dagsync: string;
  readonly operator: Operator;
  /** The server's URL; undefined to write files only. */
  readonly url: string | undefined;
  /** Whether tenants without a server are accepted. */
  readonly filesOnly: boolean;
  readonly dryRun: boolean;
  /** How long to wait until the server has parsed the files, in ms; undefined not to wait. */
  readonly verifyMs: number | undefined;
}

/** @returns the exit code. @throws UsageError */
export async function deployAirflow(file: RunnerFile, options: DeployAirflowOptions, io: SafeIo): Promise<number> {
  const { dagsFolder, dryRun, verifyMs } = options;
  const header = headerOf("airflow", checkOwner(options.owner));
  const own = await ownFiles(dagsFolder, header, "--dags-folder");
  const wanted = wantedFiles(file, options, { header, own });
  const changes = await changesIn(dagsFolder, { own, wanted });
  for (const notice of noticesOf(file, options)) io.stderr.write(`dagsync: ${escaped(notice)}\n`);
  const client = options.url === undefined ? undefined : connectTo(options.url, io);
  if (!client) checkFilesOnly(file, options, { isChanged: changes.length > 0 }, io);
  // Before the files: a task waits for a missing pool without an error, and the files record what was enabled.
  const before = client ? await serverChanges(client, file, changes) : [];
  for (const { text, apply } of before) {
    if (!dryRun) await apply();
    io.stdout.write(`${dryRun ? "Would be: " : ""}${escaped(text)}\n`);
  }
  for (const change of changes) {
    io.signal?.throwIfAborted();
    if (dryRun) io.stdout.write(diffOf(change));
    else await applyChange(dagsFolder, change);
    if (!dryRun) printChange(change, io);
  }
  printSummary({ changes, unchanged: own.size, dryRun }, io);
  if (!client || verifyMs === undefined || dryRun) return exitCodes.done;
  const written = new Set(changes.map(({ name }) => name));
  return verify(client, { files: [...wanted.keys()].sort(), written, timeoutMs: verifyMs }, io);
}

async function serverChanges(
  client: AirflowClient,
  { schedules, concurrencyPerTenant }: RunnerFile,
  changes: Parameters<typeof pauseChanges>[1],
): Promise<ServerChange[]> {
  return [
    ...(await poolChanges(client, poolsOf(schedules), concurrencyPerTenant)),
    ...(await pauseChanges(client, changes)),
  ];
}

/** The pools of the tenants, by name. */
function poolsOf(schedules: RunnerFile["schedules"]): ReadonlyMap<string, string> {
  const tenants = schedules.flatMap(({ job }) => job.tenant ?? []);
  return new Map(tenants.map((tenant) => [poolOf(tenant), tenant]));
}

/** The files of the enabled schedules, and those that disabled schedules already have, changed to be paused. */
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

/** Where Airflow cannot do what the file says. */
function noticesOf({ schedules }: RunnerFile, { operator }: DeployAirflowOptions): readonly string[] {
  const skips = schedules.filter(({ catchup }) => catchup === "skip").map(({ name }) => name);
  const matches = schedules.filter(({ job }) => job.retry?.retryable_error_patterns?.length).map(({ name }) => name);
  return [
    ...(skips.length === 0
      ? []
      : [`Airflow has no catchup: skip. It makes up for the last missed run of ${skips.join(", ")}.`]),
    ...(matches.length === 0 || operator.kind === "process"
      ? []
      : [
          `retryable_error_patterns are ignored for pods, whose stderr cannot be told from stdout: ${matches.join(", ")}.`,
        ]),
  ];
}

/** Prints what to do on the server by hand. @throws UsageError without `--files-only` */
function checkFilesOnly(
  { schedules, concurrencyPerTenant }: RunnerFile,
  { filesOnly, dryRun, verifyMs }: DeployAirflowOptions,
  { isChanged }: { readonly isChanged: boolean },
  io: SafeIo,
): void {
  if (verifyMs !== undefined) throw new UsageError("--verify asks the server: add --url.");
  const pools = [...poolsOf(schedules).keys()];
  if (pools.length === 0 || dryRun || !isChanged) return;
  const commands = pools.map((name) => `  airflow pools set ${quoted(name)} ${concurrencyPerTenant} tenant`).join("\n");
  if (filesOnly) {
    io.stderr.write(
      `dagsync: Create these pools first. Tasks wait for a missing pool without an error:\n${commands}\n`,
    );
    return;
  }
  throw new UsageError(
    `Tenants need pools, which must exist before their DAGs. Add --url https://airflow.example.com to create them, or --files-only and create them by hand:\n${commands}`,
  );
}

function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name}'`;
}
