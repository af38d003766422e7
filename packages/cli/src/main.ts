import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addCheck } from "./commands/check.ts";
import { addDeploy } from "./commands/deploy.ts";
import { addDiscover } from "./commands/discover.ts";
import { addExport } from "./commands/export.ts";
import { addInit } from "./commands/init.ts";
import { addMcp } from "./commands/mcp.ts";
import type { Run } from "./commands/options.ts";
import { addRead } from "./commands/read.ts";
import { addReport } from "./commands/report.ts";
import { addRun } from "./commands/run.ts";
import { addServe } from "./commands/serve.ts";
import { addState } from "./commands/state.ts";
import { addSync } from "./commands/sync.ts";
import { addVerify } from "./commands/verify.ts";
import { credentialVariables } from "./credentials.ts";
import { exitCodes } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { openPipes, type Pipes } from "./pipes/pipes.ts";
import { failureText, reportFailure } from "./render/failure.ts";
import { type SafeIo, SafeOutput } from "./render/safe-output.ts";

const help = `
Pipelines are defined in dagsync.yaml, which "dagsync init" writes, or by --from and --to. With these, credentials come from
the environment only:
  airflow  ${credentialVariables.airflow}
  dagster  ${credentialVariables.dagster} (Dagster+ only)

Exit codes:
  0   done
  1   something was not synced, or verify found a difference; the message says what
  2   wrong usage or configuration: you need to fix something
  3   report --fail-on found something
  75  try again later: a server was down or busy, or another sync holds the file
`;

/**
 * Runs `dagsync`.
 *
 * @param args what follows the command's name: `["sync", "--from", "airflow:http://…", "--to", "duckdb:…"]`
 * @returns the exit code. Never rejects: errors are reported on `io.stderr`.
 */
export async function main(args: readonly string[], given: Io): Promise<number> {
  // Not a copy: the caller opens stdin only when it is read.
  const io = Object.create(given, {
    stdout: { value: new SafeOutput(given.stdout) },
    stderr: { value: new SafeOutput(given.stderr) },
  }) as SafeIo;
  let exitCode: number = exitCodes.done;
  let pipes: Pipes | undefined;
  Object.defineProperty(io, "pipes", { get: () => pipes });
  const run: Run =
    (work) =>
    async (...given) => {
      exitCode = await work(...given);
    };
  const program = new Command("dagsync")
    .description("Copies the metadata of Airflow and Dagster into a database, incrementally.")
    .version(manifest.version)
    .addHelpText("after", help)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // What follows a "=" may be a secret that was passed as an option.
      writeErr: (text) => io.stderr.write(text.replace(/(option '-[^'=]*)=[^']*/, "$1")),
    })
    // Otherwise "state" would consume the options of "state export".
    .enablePositionalOptions()
    .showHelpAfterError("Run dagsync --help for usage.")
    .exitOverride();
  for (const add of [
    addInit,
    addSync,
    addCheck,
    addDiscover,
    addState,
    addReport,
    addServe,
    addMcp,
    addVerify,
    addExport,
    addRead,
    addRun,
    addDeploy,
  ])
    add(program, io, run);
  if (args.length === 0) {
    program.outputHelp({ error: true });
    return exitCodes.configuration;
  }
  try {
    pipes = openPipes(io);
    await program.parseAsync(args, { from: "user" });
    pipes?.close();
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) pipes?.close();
    else pipes?.close({ name: thrown instanceof Error ? thrown.name : null, message: failureText(thrown) });
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.done : exitCodes.configuration;
    return reportFailure(thrown, io);
  }
}
