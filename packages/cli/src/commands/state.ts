import { describeState, type StreamState } from "@org/sync-engine";
import type { Command } from "commander";
import { atOf, type Choice, loadPipelines, refuseBoth } from "../choice.ts";
import { isAddress, parseDestination } from "../destinations.ts";
import { duration } from "../duration.ts";
import { exitCodes } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { jsonLine } from "../render/json.ts";
import type { SafeIo } from "../render/safe-output.ts";
import { textTable } from "../render/table.ts";
import { type Run, shared } from "./options.ts";
import { addTransfer } from "./transfer.ts";

interface StateOptions extends Choice {
  readonly at?: string;
  readonly json?: true;
}

export function addState(program: Command, io: SafeIo, run: Run): void {
  const state = program
    .command("state")
    .description("show a destination's pipelines, streams, positions and row counts")
    .argument("[pipelines...]", "names of pipelines in the configuration (default: all)")
    .option(...shared("at", " (default: all of its pipelines)"))
    .option("--to <place>", "the same as --at")
    .option(...shared("config"))
    .option(...shared("json"))
    // Options after "export" and "import" belong to those commands.
    .enablePositionalOptions()
    .action(
      run(async (names: readonly string[], options: StateOptions) => {
        for (const { place, streams } of await read(names, options, io)) {
          if (options.json) for (const stream of streams) io.stdout.write(jsonOf(stream));
          else io.stdout.write(textOf(place, streams));
        }
        return exitCodes.done;
      }),
    );
  addTransfer(state, io, run);
}

interface Found {
  readonly place: string;
  readonly streams: readonly StreamState[];
}

async function read(names: readonly string[], options: StateOptions, io: Io): Promise<readonly Found[]> {
  const at = atOf(options);
  if (at !== undefined && isAddress(at)) {
    refuseBoth(names, options.config);
    const { destination } = await parseDestination(at, { label: options.to === undefined ? "--at" : "--to" });
    return [{ place: destination.name, streams: await describeState({ destination, signal: io.signal }) }];
  }
  const wanted = at === undefined ? names : [...new Set([at, ...names])];
  const { chosen } = await loadPipelines(wanted, options, io);
  const found: Found[] = [];
  for (const { name, place } of chosen) {
    const { destination } = await place();
    const streams = await describeState({ destination, pipeline: name, signal: io.signal });
    const before = found.findIndex(({ place }) => place === destination.name);
    if (before < 0) found.push({ place: destination.name, streams });
    else found[before] = { place: destination.name, streams: [...found[before]!.streams, ...streams] };
  }
  return found;
}

/** Why there is no position, if there is none. */
const progress: Readonly<Record<StreamState["status"], string>> = {
  synced: "",
  unfinished: "first sync not complete",
  unreadable: "corrupt: sync it with --full-refresh",
};

/** Where the history begins, or how far back a first sync has got. */
function sinceOf({ historySince, status }: StreamState): string {
  if (historySince === null) return "";
  return ` (${status === "synced" ? "history since" : "back to"} ${historySince.slice(0, 10)})`;
}

/** What is not complete yet behind the position. */
function leftOf({ outstanding }: StreamState): string {
  if (!outstanding) return "";
  const { what, before } = outstanding;
  return before === null ? ` (${what} outstanding)` : ` (${what} of runs before ${before.slice(0, 10)} outstanding)`;
}

function jsonOf({ status, reconciledAt, committedAt, ...stream }: StreamState): string {
  return jsonLine({ type: "state", ...stream, progress: progress[status], reconciledAt, committedAt });
}

function textOf(place: string, streams: readonly StreamState[]): string {
  if (streams.length === 0) return `${place} has no synced data.\n`;
  const now = Date.now();
  const age = (at: string | null) => {
    if (at === null) return "–";
    const passedMs = now - Date.parse(at);
    // A commit has the database's time, which may be slightly ahead.
    return passedMs < -60_000 ? "in the future (the clock was wrong)" : `${duration(Math.max(0, passedMs))} ago`;
  };
  const rows = streams.map((each) => [
    each.pipeline,
    each.stream,
    each.table,
    each.rows,
    each.deleted,
    `${each.position ?? progress[each.status]}${sinceOf(each)}${leftOf(each)}`,
    age(each.reconciledAt),
    age(each.committedAt),
  ]);
  return textTable(["pipeline", "stream", "table", "rows", "deleted", "position", "reconciled", "stored"], rows);
}
