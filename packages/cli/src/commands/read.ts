import { Argument, type Command, Option } from "commander";
import { UsageError } from "../errors.ts";
import { type AirbyteCommand, airbyteCommands, runAirbyte } from "../outlets/airbyte/airbyte.ts";
import { discoverSinger, readSinger } from "../outlets/singer/singer.ts";
import type { SafeIo } from "../render/safe-output.ts";
import type { Run } from "./options.ts";

interface ReadOptions {
  readonly format: "airbyte" | "singer";
  readonly config?: string;
  readonly catalog?: string;
  readonly properties?: string;
  readonly state?: string;
  readonly discover?: true;
}

export function addRead(program: Command, io: SafeIo, run: Run): void {
  program
    .command("read")
    .description("hand rows and states to a host that stores both: an Airbyte source, or a Singer tap")
    .addArgument(new Argument("[command]", "of Airbyte's protocol").choices(airbyteCommands))
    .addOption(
      new Option("--format <protocol>", "what the host speaks").choices(["airbyte", "singer"]).makeOptionMandatory(),
    )
    .option("--config <file>", "JSON with kind and url of the server, and credentials")
    .option("--catalog <file>", "the streams to read, as the host writes them")
    .option("--properties <file>", "singer: older name of --catalog")
    .option("--state <file>", "what the host kept of the last run")
    .option("--discover", "singer: write the catalog")
    .action(
      run(async (command: AirbyteCommand | undefined, { format, discover, properties, ...files }: ReadOptions) => {
        if (format === "airbyte") {
          if (command === undefined)
            throw new UsageError(`Name a command after the options: ${airbyteCommands.join(", ")}.`);
          if (discover || properties !== undefined) throw new UsageError("--discover and --properties are Singer's.");
          return runAirbyte(command, files, io);
        }
        if (command !== undefined)
          throw new UsageError("Commands are Airbyte's: with --format singer, use --discover.");
        if (files.catalog !== undefined && properties !== undefined) {
          throw new UsageError("--catalog and --properties mean the same: use only one of them.");
        }
        const chosen = { ...files, catalog: files.catalog ?? properties };
        return discover ? discoverSinger(chosen, io) : readSinger(chosen, io);
      }),
    );
}
