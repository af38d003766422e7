import { systemColumns, type Table } from "@org/destination";
import type { Stream } from "@org/sync-engine";
import type { Command } from "commander";
import { loadPipeline, refuseBoth } from "../choice.ts";
import { exitCodes } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { jsonLine } from "../render/json.ts";
import { textTable } from "../render/table.ts";
import { parseSource } from "../sources.ts";
import { type Run, shared } from "./options.ts";

interface DiscoverOptions {
  readonly from?: string;
  readonly config?: string;
  readonly json?: true;
}

export function addDiscover(program: Command, io: Io, run: Run): void {
  program
    .command("discover")
    .description("list a source's streams and the columns of their tables; contacts no server")
    .argument("[pipeline]", "name of a pipeline in the configuration: its tables as they are stored")
    .option(...shared("from"))
    .option(...shared("config"))
    .option(...shared("json"))
    .action(
      run(async (name: string | undefined, options: DiscoverOptions) => {
        const names = name === undefined ? [] : [name];
        for (const { stream, isDefault, table } of await tablesOf(names, options, io)) {
          io.stdout.write(
            options.json
              ? jsonLine({ type: "stream", stream, isDefault, table: { ...table, columns: allColumns(table) } })
              : `${stream} → ${table.name}${isDefault ? "" : " (opt-in)"}: ${table.description}\n${columnsTable(table)}\n`,
          );
        }
        return exitCodes.done;
      }),
    );
}

interface Found {
  readonly stream: string;
  readonly isDefault: boolean;
  readonly table: Table;
}

async function tablesOf(names: readonly string[], options: DiscoverOptions, io: Io): Promise<readonly Found[]> {
  if (options.from !== undefined) {
    refuseBoth(names, options.config);
    return parseSource(options.from, io.env).streams.map((stream) => found(stream, stream.table));
  }
  const { source, destination } = await (await loadPipeline(names, options, io)).open({ isOffline: true });
  return source.streams.map((stream) => found(stream, destination.realTable?.(stream.table) ?? stream.table));
}

function found({ name, isOptIn = false }: Pick<Stream, "name" | "isOptIn">, table: Table): Found {
  return { stream: name, isDefault: !isOptIn, table };
}

function allColumns(table: Table): Table["columns"] {
  return { ...table.columns, ...systemColumns };
}

function columnsTable(table: Table): string {
  const rows = Object.entries(allColumns(table)).map(([name, { type, nullable, description }]) => {
    const isKey = table.primaryKey.includes(name);
    return [name, type, isKey ? "key" : nullable ? "nullable" : "", description];
  });
  return textTable(["column", "type", "", "description"], rows, 2);
}
