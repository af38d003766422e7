/** `dagsync read --format airbyte`: an Airbyte source. */
import { toError } from "@org/kit";
import { check, SyncError, type SyncEvent } from "@org/sync-engine";
import { UsageError } from "../../errors.ts";
import { type ErrorFacts, exitCodeOf, exitCodes, isConfiguration, isRetryable } from "../../exit-code.ts";
import { failureText } from "../../render/failure.ts";
import { escaped, type SafeIo } from "../../render/safe-output.ts";
import { readConnector } from "../connector-config.ts";
import { readJson } from "../json-file.ts";
import { Lines } from "../lines.ts";
import { noteOf } from "../notes.ts";
import { type ChosenStream, openStore, readIntoHost } from "../read-into-host.ts";
import { recordWriter } from "../rows.ts";
import { airbyteCatalog, chosenStreams } from "./catalog.ts";
import { type AirbyteFailure, type AirbyteMessages, airbyteMessages, recordLine, stateMessage } from "./messages.ts";
import { airbyteSpec } from "./spec.ts";
import { statesIn } from "./states.ts";

export const airbyteCommands = ["spec", "check", "discover", "read"] as const;
export type AirbyteCommand = (typeof airbyteCommands)[number];

export interface AirbyteFiles {
  readonly config?: string | undefined;
  readonly catalog?: string | undefined;
  readonly state?: string | undefined;
}

/** Answers one command. Nothing else is written to stdout. @returns the exit code; errors are messages */
export async function runAirbyte(command: AirbyteCommand, files: AirbyteFiles, io: SafeIo): Promise<number> {
  const lines = new Lines(io.stdout);
  const messages = airbyteMessages(lines);
  try {
    await { spec, check: checkConnection, discover, read }[command](files, io, messages, lines);
    await lines.flushed();
    return exitCodes.done;
  } catch (thrown) {
    if (command === "check") {
      messages.connectionStatus("FAILED", failureText(thrown));
      return exitCodes.done;
    }
    messages.error(failureText(thrown), failureOf(thrown));
    return exitCodeOf(thrown);
  }
}

type Answer = (files: AirbyteFiles, io: SafeIo, messages: AirbyteMessages, lines: Lines) => Promise<void>;

const spec: Answer = async (_, __, messages) => messages.spec(airbyteSpec());

const checkConnection: Answer = async ({ config }, io, messages) => {
  const connector = await readConnector(config, io);
  const { source } = connector;
  const destination = connector.config.store === undefined ? undefined : await openStore(connector.config.store);
  const onNotice = (message: string) => messages.log("WARN", escaped(message));
  const { version, notes } = await check({ source, destination, signal: io.signal, onNotice });
  messages.log("INFO", `${source.url}: ${source.name} ${escaped(version)}, authenticated.`);
  for (const note of notes) messages.log("INFO", escaped(note));
  messages.connectionStatus("SUCCEEDED");
};

const discover: Answer = async ({ config }, io, messages) => {
  messages.catalog(airbyteCatalog((await readConnector(config, io)).source));
};

const read: Answer = async (files, io, messages, lines) => {
  const connector = await readConnector(files.config, io);
  if (files.catalog === undefined) throw new UsageError("--catalog is missing: it names the configured catalog.");
  const catalog = await readJson(files.catalog, "--catalog", io.signal);
  const chosen = chosenStreams(connector, catalog, files.catalog);
  const states =
    files.state === undefined ? new Map() : statesIn(await readJson(files.state, "--state", io.signal), files.state);
  const statuses = new Statuses(chosen, messages);
  const counts = new Map<string, number>();
  const writers = new Map(
    chosen.map(({ stream, columns }) => [stream.table.name, recordWriter(stream.table, columns)]),
  );
  try {
    await readIntoHost(
      {
        ...{ connector, chosen, states },
        host: {
          name: "airbyte",
          async records({ name }, rows) {
            const write = writers.get(name)!;
            const emittedAt = Date.now();
            for (const row of rows) {
              statuses.running(name);
              counts.set(name, (counts.get(name) ?? 0) + 1);
              await lines.one(recordLine(name, write(row), emittedAt));
            }
          },
          async state({ name }, state) {
            lines.now(stateMessage(name, state, counts.get(name) ?? 0));
            counts.set(name, 0);
            await lines.flushed();
          },
        },
        onEvent(event) {
          const note = noteOf(event);
          if (note) messages.log(note.level, note.text);
          statuses.take(event);
        },
      },
      io,
    );
  } finally {
    statuses.end();
  }
};

/** Reports the status of each stream, in the order that hosts expect. */
class Statuses {
  readonly #tables: ReadonlyMap<string, string>;
  readonly #messages: AirbyteMessages;
  readonly #running = new Set<string>();
  readonly #open = new Set<string>();

  constructor(chosen: readonly ChosenStream[], messages: AirbyteMessages) {
    this.#tables = new Map(chosen.map(({ stream }) => [stream.name, stream.table.name]));
    this.#messages = messages;
  }

  running(table: string): void {
    if (this.#running.has(table)) return;
    this.#running.add(table);
    this.#messages.streamStatus(table, "RUNNING");
  }

  take(event: SyncEvent): void {
    const table = "stream" in event && event.stream !== undefined ? this.#tables.get(event.stream) : undefined;
    if (table === undefined) return;
    if (event.type === "stream-started") {
      this.#open.add(table);
      this.#messages.streamStatus(table, "STARTED");
    }
    if (event.type === "stream-failed") this.#messages.error(failureText(event.error), failureOf(event.error), table);
    if (event.type !== "stream-finished" && event.type !== "stream-failed") return;
    this.#open.delete(table);
    if (event.type === "stream-finished") this.running(table);
    this.#messages.streamStatus(table, event.type === "stream-finished" ? "COMPLETE" : "INCOMPLETE");
  }

  /** What was stopped is not complete. */
  end(): void {
    for (const table of this.#open) this.#messages.streamStatus(table, "INCOMPLETE");
    this.#open.clear();
  }
}

function failureOf(thrown: unknown): AirbyteFailure {
  const error = toError(thrown);
  if (error instanceof SyncError && error.result) {
    const kinds = new Set(error.result.streams.flatMap((stream) => (stream.error ? [failureOf(stream.error)] : [])));
    return kinds.size === 1 ? [...kinds][0]! : "system_error";
  }
  if (isRetryable(error)) return "transient_error";
  return isConfiguration(error) || (error as ErrorFacts).code === "UNAUTHORIZED" ? "config_error" : "system_error";
}
