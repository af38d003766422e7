import { systemColumns, type Table } from "@org/destination";
import type { Command } from "commander";
import { parseSource } from "../config.ts";
import type { Io } from "../io.ts";
import type { Outcome } from "../main.ts";
import { jsonLine } from "../render/json.ts";
import { textTable } from "../render/table.ts";

export function addDiscover(program: Command, io: Io, _outcome: Outcome): void {
  program
    .command("discover")
    .description("list the streams of a source, and the columns of their tables; asks no server")
    .requiredOption("--from <source>", "airflow:http://… or dagster:http://…")
    .option("--json", "write each stream as a line of JSON")
    .action((options: { readonly from: string; readonly json?: true }) => {
      for (const { name, table } of parseSource(options.from, io.env).streams) {
        io.stdout.write(
          options.json
            ? jsonLine({ type: "stream", stream: name, table: { ...table, columns: allColumns(table) } })
            : `${name} → ${table.name}: ${table.description}\n${columnsTable(table)}\n`,
        );
      }
    });
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
