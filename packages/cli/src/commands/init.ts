import { access, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { destinationForms } from "../destinations.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import { ask } from "../init/ask.ts";
import { parseWanted, type Wanted } from "../init/parse.ts";
import type { Io } from "../io.ts";
import type { Run } from "./options.ts";

interface InitOptions {
  readonly from?: readonly string[];
  readonly to?: string;
  readonly auth?: string;
  readonly config: string;
}

export function addInit(program: Command, io: Io, run: Run): void {
  program
    .command("init")
    .description("write a configuration, interactively or from these options; it contains no secrets")
    .option("--from <sources...>", "airflow:http://… or dagster:http://…, one or more")
    .option("--to <destination>", `${destinationForms} (default: duckdb:orchestration.duckdb)`)
    .option("--auth <how>", "how to authenticate: password, token, command, none")
    .option("--config <file>", "where to write it", "dagsync.yaml")
    .action(
      run(async (options: InitOptions) => {
        const { config } = options;
        const exists = new UsageError(`${config} already exists. Name another file with --config.`);
        // Checked before any question; the write itself refuses too.
        if (
          await access(config).then(
            () => true,
            () => false,
          )
        )
          throw exists;
        const { to, wanted } = await wantedBy(options, io);
        const { configText, variablesIn } = await import("../init/text.ts");
        const text = configText(wanted, to);
        await writeFile(config, text, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
          if (error.code === "EEXIST") throw exists;
          throw new UsageError(`${config} cannot be written (${error.code}).`);
        });
        const variables = variablesIn(text);
        const next = variables.length > 0 ? `Set ${variables.join(", ")}, then run` : "Now run";
        io.stdout.write(`Wrote ${config}. ${next} "dagsync check" and "dagsync sync".\n`);
        return exitCodes.done;
      }),
    );
}

async function wantedBy(
  options: InitOptions,
  io: Io,
): Promise<{ readonly wanted: readonly Wanted[]; readonly to: string }> {
  if (options.from !== undefined) {
    const [to, wanted] = await parseWanted(options.from, options.to ?? "duckdb:orchestration.duckdb", options.auth);
    return { to, wanted };
  }
  if (!io.stdin || options.to !== undefined || options.auth !== undefined) {
    throw new UsageError(
      "--from is missing: name the servers, for example dagsync init --from airflow:http://127.0.0.1:8080.",
    );
  }
  return ask(io);
}
