/** `dagsync read --format singer`: a Singer tap. */

import { UsageError } from "../../errors.ts";
import { exitCodes } from "../../exit-code.ts";
import type { SafeIo } from "../../render/safe-output.ts";
import { readConnector } from "../connector-config.ts";
import { type HostState, isUnfinished } from "../host-state.ts";
import { readJson } from "../json-file.ts";
import { Lines } from "../lines.ts";
import { isCleared, membersOf } from "../members.ts";
import { noteOf } from "../notes.ts";
import { type ReadOptions, readIntoHost } from "../read-into-host.ts";
import { recordWriter } from "../rows.ts";
import { BOOKMARK, selectedStreams, singerCatalog, singerSchema } from "./catalog.ts";

export interface SingerFiles {
  readonly config?: string | undefined;
  readonly catalog?: string | undefined;
  readonly state?: string | undefined;
}

/** Writes the catalog. @throws UsageError */
export async function discoverSinger({ config }: SingerFiles, io: SafeIo): Promise<number> {
  const { source } = await readConnector(config, io);
  io.stdout.write(`${JSON.stringify(singerCatalog(source), null, 2)}\n`);
  return exitCodes.done;
}

/**
 * Writes schemas, records and states to stdout, and everything else to stderr.
 *
 * A stream that is read as a whole has a version, which becomes the present one with its last record: then targets that
 * know versions remove all older rows.
 *
 * @throws UsageError, or whatever made a stream fail
 */
export async function readSinger(files: SingerFiles, io: SafeIo): Promise<number> {
  const connector = await readConnector(files.config, io);
  const { catalog: path } = files;
  const catalog = path === undefined ? undefined : await readJson(path, "--catalog", io.signal);
  const chosen = selectedStreams(connector, catalog, path ?? "");
  const bookmarks =
    files.state === undefined ? {} : bookmarksIn(await readJson(files.state, "--state", io.signal), files.state);
  if (chosen.length === 0) io.stderr.write(`WARN ${path} selects no stream, so nothing is read.\n`);
  const lines = new Lines(io.stdout);
  const versions = new Map<string, number>();
  for (const { stream, columns, isFullRefresh } of chosen) {
    const { table } = stream;
    lines.now({
      type: "SCHEMA",
      stream: table.name,
      schema: singerSchema(table, columns),
      key_properties: table.primaryKey,
      bookmark_properties: [BOOKMARK],
    });
    if (isFullRefresh) versions.set(table.name, versionFor(bookmarks[table.name]));
  }
  const writers = new Map(
    chosen.map(({ stream, columns }) => [stream.table.name, recordWriter(stream.table, columns)]),
  );
  const tables = new Map(chosen.map(({ stream }) => [stream.name, stream.table.name]));
  let said = { ...bookmarks };
  await readIntoHost(
    {
      ...{ connector, chosen, states: statesOf(bookmarks, files.state ?? "") },
      host: {
        name: "singer",
        async records({ name }, rows) {
          const write = writers.get(name)!;
          const rest = `,"time_extracted":${JSON.stringify(new Date().toISOString())}${versionText(versions.get(name))}}\n`;
          const begin = `{"type":"RECORD","stream":${JSON.stringify(name)},"record":`;
          for (const row of rows) await lines.one(`${begin}${write(row)}${rest}`);
        },
        async state({ name }, state) {
          const version = versions.get(name);
          said = { ...said, [name]: { ...state, ...(version !== undefined && { table_version: version }) } };
          lines.now({ type: "STATE", value: { bookmarks: said } });
          await lines.flushed();
        },
      },
      onEvent(event) {
        const note = noteOf(event);
        if (note) io.stderr.write(`${note.level} ${note.text}\n`);
        if (event.type !== "stream-finished") return;
        const table = tables.get(event.stream) ?? "";
        const version = versions.get(table);
        if (version !== undefined) lines.now({ type: "ACTIVATE_VERSION", stream: table, version });
      },
    },
    io,
  );
  await lines.flushed();
  return exitCodes.done;
}

function versionText(version: number | undefined): string {
  return version === undefined ? "" : `,"version":${version}`;
}

/** The version of a full refresh: an unfinished one goes on with its own. */
function versionFor(bookmark: unknown): number {
  const { table_version: last, ...state } = membersOf(bookmark);
  if (!Number.isSafeInteger(last)) return Date.now();
  return isUnfinished(state as HostState) ? (last as number) : Math.max(Date.now(), (last as number) + 1);
}

type Bookmarks = Readonly<Record<string, unknown>>;

/** @throws UsageError */
function bookmarksIn(value: unknown, file: string): Bookmarks {
  // Some hosts pass the whole message. What is in none of these forms must not make us read everything again.
  const message = membersOf(value);
  const state = message.type === "STATE" ? message.value : value;
  const { bookmarks = isCleared(state) ? {} : undefined } = membersOf(state);
  if (typeof bookmarks !== "object" || bookmarks === null || Array.isArray(bookmarks)) {
    throw new UsageError(`${file} is no state: it must be {"bookmarks": {…}}, as STATE messages have it. Clear it.`);
  }
  return bookmarks as Bookmarks;
}

function statesOf(bookmarks: Bookmarks, file: string): ReadOptions["states"] {
  const own = Object.entries(bookmarks).filter(([, value]) => !isCleared(value));
  return new Map(
    own.map(([name, value]) => [
      name,
      { value, where: `${file}: the bookmark of ${JSON.stringify(name).slice(0, 100)}` },
    ]),
  );
}
