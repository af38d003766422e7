import type { Command } from "commander";
import { parseDestination } from "../config.ts";
import type { Io } from "../io.ts";
import type { Outcome } from "../main.ts";
import { duration } from "../render/duration.ts";
import { jsonLine } from "../render/json.ts";
import { textTable } from "../render/table.ts";
import { readDuckdbState } from "../stored-state.ts";

export function addState(program: Command, io: Io, _outcome: Outcome): void {
  program
    .command("state")
    .description("show what a destination holds: pipelines, streams, how far they are, and rows")
    .requiredOption("--to <destination>", "duckdb:file")
    .option("--json", "write each stream as a line of JSON")
    .action(async (options: { readonly to: string; readonly json?: true }) => {
      const { path, destination } = parseDestination(options.to);
      const streams = await readDuckdbState(path);
      if (options.json) {
        for (const stream of streams) io.stdout.write(jsonLine({ type: "state", ...stream }));
        return;
      }
      if (streams.length === 0) {
        io.stdout.write(`${destination.name} holds nothing that a sync wrote.\n`);
        return;
      }
      const now = Date.now();
      const age = (at: string | null) => (at === null ? "–" : `${duration(Math.max(0, now - Date.parse(at)))} ago`);
      const rows = streams.map((each) => [
        each.pipeline,
        each.stream,
        each.table,
        each.rows,
        each.deleted,
        each.position ?? each.progress,
        age(each.reconciledAt),
        age(each.committedAt),
      ]);
      const head = ["pipeline", "stream", "table", "rows", "deleted", "position", "reconciled", "stored"];
      io.stdout.write(textTable(head, rows));
    });
}
