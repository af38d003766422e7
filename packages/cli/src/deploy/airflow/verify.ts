/** Waits until Airflow has parsed the files, and reports parse times and import errors. */
import { type AirflowClient, dagBundles, dags, type ImportError, importErrors } from "@org/airflow-client";
import { exitCodes } from "../../exit-code.ts";
import { escaped, type SafeIo } from "../../render/safe-output.ts";
import { textTable } from "../../render/table.ts";
import { scheduleOfFile } from "./names.ts";

/** Polling interval, in ms. */
const POLL = 2000;

/** What the server knows of a file. */
interface Parsed {
  /** In ms since 1970; undefined if it was not parsed yet. */
  readonly at: number | undefined;
  /** How long that took, in seconds. Airflow 3.0 does not say. */
  readonly seconds: number | undefined;
  readonly isPaused: boolean | undefined;
  /** The end of the traceback. */
  readonly error: string | undefined;
}

export interface VerifyOptions {
  /** Names of all files of this deploy. */
  readonly files: readonly string[];
  /** Those that were written just now: an earlier parse does not count. */
  readonly written: ReadonlySet<string>;
  /** How long to wait, in ms. */
  readonly timeoutMs: number;
}

/** The next full second of the server's clock, in ms since 1970. The header has no fractions. */
async function nextSecond(client: AirflowClient): Promise<number> {
  const { response } = await client.GET("/api/v2/version");
  const date = Date.parse(response.headers.get("date") ?? "");
  return (Number.isNaN(date) ? Date.now() : date) + 1000;
}

/**
 * Waits, and prints a table of the DAGs.
 *
 * @returns the exit code: 1 for import errors, 75 if not every file was parsed in time
 */
export async function verify(client: AirflowClient, options: VerifyOptions, io: SafeIo): Promise<number> {
  const { files, written, timeoutMs } = options;
  if (files.length === 0) return exitCodes.done;
  const since = await nextSecond(client);
  const until = performance.now() + timeoutMs;
  const hasBundles = await knowsBundles(client);
  const isDone = ([name, { at }]: [string, Parsed]) => at !== undefined && (!written.has(name) || at >= since);
  let asked: ReadonlySet<string> = new Set();
  for (;;) {
    const found = await look(client, files, hasBundles);
    const waiting = [...found].filter((each) => !isDone(each)).map(([name]) => name);
    if (waiting.length === 0 || performance.now() > until) return print(found, new Set(waiting), io);
    asked = await askToParse(client, waiting, asked);
    await new Promise((resolve) => setTimeout(resolve, POLL));
    io.signal?.throwIfAborted();
  }
}

/** Since Airflow 3.4, bundles list their files, including those with import errors. */
async function knowsBundles(client: AirflowClient): Promise<boolean> {
  const { data } = await client.GET("/api/v2/version");
  const [major = 0, minor = 0] = data.version.split(".").map(Number);
  return major > 3 || (major === 3 && minor >= 4);
}

async function look(client: AirflowClient, files: readonly string[], hasBundles: boolean) {
  const errors = new Map<string, ImportError>();
  for await (const error of importErrors.list(client)) errors.set(lastOf(error.filename), error);
  const known = new Map<string, Omit<Parsed, "error">>();
  for await (const dag of dags.list(client, { tags: ["dagsync"] })) {
    const { relative_fileloc, fileloc, last_parsed_time, is_paused: isPaused } = dag;
    const seconds = dag.last_parse_duration ?? undefined;
    known.set(lastOf(relative_fileloc ?? fileloc ?? ""), { at: momentOf(last_parsed_time), seconds, isPaused });
  }
  if (hasBundles) {
    for await (const { name } of dagBundles.list(client)) {
      for await (const file of dagBundles.files(client, name)) {
        const { relative_fileloc, last_parsed_time, last_parse_duration } = file;
        const key = lastOf(relative_fileloc);
        const isPaused = known.get(key)?.isPaused;
        known.set(key, { at: momentOf(last_parsed_time), seconds: last_parse_duration ?? undefined, isPaused });
      }
    }
  }
  return new Map(
    files.map((name): [string, Parsed] => {
      const error = errors.get(name);
      const at = Math.max(known.get(name)?.at ?? 0, momentOf(error?.timestamp) ?? 0) || undefined;
      const { seconds, isPaused } = known.get(name) ?? { seconds: undefined, isPaused: undefined };
      return [name, { at, seconds, isPaused, error: error && endOf(error.stack_trace) }];
    }),
  );
}

/** Requests that known files are parsed at once. New files can only be waited for. */
async function askToParse(client: AirflowClient, waiting: readonly string[], asked: ReadonlySet<string>) {
  const done = new Set(asked);
  for await (const { relative_fileloc, fileloc, file_token } of dags.list(client, { tags: ["dagsync"] })) {
    const name = lastOf(relative_fileloc ?? fileloc ?? "");
    if (done.has(name) || !waiting.includes(name)) continue;
    done.add(name);
    // If this is pending already, or not allowed to this user, the server parses the file in its turn.
    await client.PUT("/api/v2/parseDagFile/{file_token}", { params: { path: { file_token } } }).catch(() => undefined);
  }
  return done;
}

function print(found: ReadonlyMap<string, Parsed>, waiting: ReadonlySet<string>, io: SafeIo): number {
  const rows = [...found].map(([name, { at, seconds, isPaused, error }]) => [
    escaped(scheduleOfFile(name)),
    error !== undefined ? "import error" : waiting.has(name) ? "not parsed yet" : isPaused ? "paused" : "active",
    at === undefined ? null : new Date(at).toISOString().slice(0, 19).replace("T", " "),
    seconds ?? null,
  ]);
  io.stdout.write(textTable(["DAG", "state", "parsed (UTC)", "seconds"], rows));
  const errors = [...found].flatMap(([name, { error }]) => (error === undefined ? [] : [[name, error] as const]));
  for (const [name, error] of errors) io.stderr.write(`✗ ${escaped(name)}: ${escaped(error)}\n`);
  if (errors.length > 0) return exitCodes.incomplete;
  if (waiting.size === 0) return exitCodes.done;
  io.stderr.write(
    `dagsync: Airflow has not parsed ${waiting.size} of ${found.size} files yet. Does its DAG processor read this folder? New files are found every [dag_processor] refresh_interval: 5 minutes by default.\n`,
  );
  return exitCodes.comeBackLater;
}

function lastOf(path: string): string {
  return path.split("/").at(-1)!;
}

function momentOf(text: string | null | undefined): number | undefined {
  return text == null ? undefined : Date.parse(text);
}

/** The last line of a traceback is the error. */
function endOf(traceback: string): string {
  return traceback.trim().split("\n").at(-1) ?? "";
}
