import { rmSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onExit } from "./on-exit.ts";
import { startPostgres } from "./postgres.ts";
import { freePort, type Service, startService, waitUntil } from "./processes.ts";
import { cacheFolder, ensureVenv } from "./python.ts";
import { type PythonWorker, startPythonWorker } from "./python-worker.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The version that the clients are generated for, and the one that is started where nobody asks for another. */
export const dagsterVersion = "1.13.27";
/** The versions that have a lock file in `requirements/`, the oldest first, each with the Pythons that it runs on. */
export const dagsterVersions = [
  { version: "1.7.10", pythons: { before: "3.12" } },
  { version: "1.10.21", pythons: { before: "3.13" } },
  { version: "1.13.27", pythons: {} },
] as const;
/** An idle machine needs about 10 s; one with two cores and a load of 25 has needed more than 180. */
const readyDeadlineMs = 400_000;

/** Names of the code locations in `dagster/definitions/`; what is in them is written there. */
export type DagsterLocation = "a" | "b" | "c" | "methods" | "broken";

/** Dagster's storage: files in its home, which are in UTC, or a PostgreSQL in a time zone of its own. */
export type DagsterStorage = "sqlite" | { readonly postgres: { readonly timezone: string } };

export interface DagsterDatabase {
  /** Of the PostgreSQL; null where there is none. */
  readonly url: string | null;
  /** What the times in it are in, e.g. `America/New_York`. */
  readonly timezone: string;
}

/** A real Dagster with its own temporary home. */
export interface DagsterServer {
  /** Address of the GraphQL endpoint. */
  url: string;
  /** DAGSTER_HOME. `definitions/` in it holds the code locations' files, which a test may edit. */
  home: string;
  locations: readonly DagsterLocation[];
  /**
   * Runs a Python script beside the server, with its DAGSTER_HOME and its Dagster.
   *
   * @param script Path of a file. It gets `input` as JSON in its first argument and prints JSON.
   */
  python<T>(script: string, input: unknown): Promise<T>;
  /**
   * Asks a GraphQL document.
   *
   * @throws When the answer has errors, since nothing here expects any.
   */
  query<T>(document: string, variables?: Record<string, unknown>): Promise<T>;
  /** Where Dagster's tables are. */
  database: DagsterDatabase;
  /** Has the server load a code location anew, as a person does after a deployment. It may come back broken. */
  reloadLocation(name: DagsterLocation): Promise<void>;
  /** Ends the server with its code servers, and removes its home. */
  stop(): Promise<void>;
}

/**
 * Installs Dagster into the cache where it is missing and starts its web server. Without the daemon, nothing runs but what
 * the test launches, at once.
 *
 * @param options.version One of `dagsterVersions`. Default: 1.13.27, the only one with PostgreSQL.
 * @param options.storage Default: SQLite.
 * @param options.port Default: a free one.
 * @param options.locations Code locations to load. Default: a and b.
 * @param options.daemon Runs the queue, backfills, schedules and sensors. Default: no.
 * @param options.queue Runs wait for the daemon to start them, which takes it ten times as long. Default: no.
 * @throws MissingPythonError: When this machine has no fitting Python.
 * @throws ServerError: When the server is not ready in 400 s, with the end of its log.
 * @throws Error: When a code location does not load, but for `broken`, with the reason.
 */
export async function startDagster(options: {
  log: (line: string) => void;
  version?: string;
  storage?: DagsterStorage;
  port?: number;
  locations?: readonly DagsterLocation[];
  daemon?: boolean;
  queue?: boolean;
  signal?: AbortSignal | undefined;
}): Promise<DagsterServer> {
  const { log, signal, version = dagsterVersion, storage = "sqlite", locations = ["a", "b"] } = options;
  const name = `dagster-${version}`;
  const pythons = dagsterVersions.find((each) => each.version === version)?.pythons;
  const venv = await ensureVenv({ name, pythons, log, signal });
  const { database, stopDatabase } = await startStorage(storage, log, signal);
  const home = await mkdtemp(join(tmpdir(), "dagster-"));
  const forgetHome = onExit(() => rmSync(home, removal));
  await writeHome(home, locations, database, options.queue ?? false);
  const port = options.port ?? (await freePort());
  // Compiled files go to the cache, since scripts in the checkout are imported too.
  const python = { PYTHONWARNINGS: "ignore", PYTHONPYCACHEPREFIX: join(cacheFolder, "pycache") };
  // On a busy machine a run's process has needed more than the minute after which the run would have failed.
  const env = { ...process.env, ...python, DAGSTER_HOME: home, DAGSTER_GRPC_TIMEOUT_SECONDS: "300" };
  log(`Starting Dagster ${version} on port ${port}, its times in ${database.timezone}`);
  const address = ["-w", "workspace.yaml", "-h", "127.0.0.1", "-p", String(port)];
  const service = startService(venv.bin("dagster-webserver"), address, { env, cwd: home });
  let daemon: Service | undefined;
  let worker: PythonWorker | undefined;
  const stop = async () => {
    await worker?.stop();
    await Promise.all([service.stop(), daemon?.stop()]);
    await stopDatabase();
    forgetHome();
    await rm(home, removal);
  };
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}/graphql`;
  const answers = async () => (await fetch(`${origin}/server_info`, { signal: AbortSignal.timeout(5000) })).ok;
  const query: DagsterServer["query"] = async <T>(document: string, variables?: Record<string, unknown>) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: document, variables }),
      signal: AbortSignal.timeout(300_000),
    });
    const text = await response.text();
    const answer = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : {};
    if (!answer.data || answer.errors) throw new Error(`Dagster returned ${response.status}: ${text.slice(0, 2000)}`);
    return answer.data as T;
  };
  const reloadLocation = async (location: DagsterLocation) => {
    const document = `mutation($name: String!) {
        reloadRepositoryLocation(repositoryLocationName: $name) { __typename ... on PythonError { message } } }`;
    const { reloadRepositoryLocation: result } = await query<{
      reloadRepositoryLocation: { __typename: string; message?: string };
    }>(document, { name: location });
    if (result.__typename !== "WorkspaceLocationEntry") {
      throw new Error(`Dagster did not reload ${location}: ${result.__typename} ${result.message ?? ""}`);
    }
  };
  try {
    await waitUntil(`Dagster ${version}`, answers, [service], { deadlineMs: readyDeadlineMs, signal });
    await expectLoaded(query, { reloadLocation, log });
    // Not beside the server while that makes its tables and starts its code servers: they would get in each other's way.
    if (options.daemon) {
      daemon = startService(venv.bin("dagster-daemon"), ["run", "-w", "workspace.yaml"], { env, cwd: home });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    home,
    locations,
    database,
    query,
    reloadLocation,
    async python<T>(script: string, input: unknown) {
      signal?.throwIfAborted();
      worker ??= startPythonWorker(venv.python, here("dagster/worker.py"), { env, cwd: home });
      return JSON.parse(await worker.run(script, input)) as T;
    },
    stop,
  };
}

/**
 * Has loaded what did not load but is not broken: a code server that did not come up in time is not tried again by itself.
 *
 * @throws When it does not load after all, with the reason.
 */
async function expectLoaded(
  query: DagsterServer["query"],
  { reloadLocation, log }: Pick<DagsterServer, "reloadLocation"> & { readonly log: (line: string) => void },
): Promise<void> {
  const document = `{ workspaceOrError { ... on Workspace { locationEntries { name
    locationOrLoadError { __typename ... on PythonError { message } } } } } }`;
  type Entry = { readonly name: DagsterLocation; readonly locationOrLoadError: { readonly message?: string } | null };
  const failures = async () => {
    const { workspaceOrError } = await query<{ workspaceOrError: { locationEntries: readonly Entry[] } }>(document);
    const failed = ({ name, locationOrLoadError: found }: Entry) => name !== "broken" && (!found || found.message);
    return workspaceOrError.locationEntries.filter(failed);
  };
  for (const { name, locationOrLoadError: error } of await failures()) {
    log(`Code location ${name} did not load, trying it again: ${error?.message}`);
    await reloadLocation(name);
  }
  const [failed] = await failures();
  if (failed) throw new Error(`Code location ${failed.name} does not load: ${failed.locationOrLoadError?.message}`);
}

/** A busy code server may still write for an instant after it was told to end. */
const removal = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 } as const;

async function startStorage(storage: DagsterStorage, log: (line: string) => void, signal: AbortSignal | undefined) {
  if (storage === "sqlite") {
    const database: DagsterDatabase = { url: null, timezone: "UTC" };
    return { database, stopDatabase: async () => {} };
  }
  const { timezone } = storage.postgres;
  const postgres = await startPostgres({ log, signal });
  try {
    await postgres.createDatabase("dagster", { timezone });
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return { database: { url: postgres.url("dagster"), timezone }, stopDatabase: postgres.stop };
}

async function writeHome(
  home: string,
  locations: readonly DagsterLocation[],
  { url }: DagsterDatabase,
  queue: boolean,
): Promise<void> {
  await cp(here("dagster/definitions/"), join(home, "definitions"), { recursive: true });
  // To SQLAlchemy 2.1, a plain postgresql:// is another driver than the one that comes with Dagster.
  const storage = url ? `storage:\n  postgres:\n    postgres_url: ${url.replace(":", "+psycopg2:")}\n` : "";
  // Versions differ in what they do where nothing is said. The daemon asks the queue every 5 s unless told otherwise.
  const coordinator = queue
    ? "class: QueuedRunCoordinator\n  config: {dequeue_interval_seconds: 1}"
    : "class: DefaultRunCoordinator";
  const launching = `run_coordinator:\n  module: dagster._core.run_coordinator\n  ${coordinator}\n`;
  // After three minutes, a location would count as failed: a busy machine may need longer to start its code server.
  const patience = "code_servers:\n  local_startup_timeout: 400\n";
  const settings = `telemetry:\n  enabled: false\n${patience}${storage}${launching}`;
  await writeFile(join(home, "dagster.yaml"), settings);
  const entries = locations.map(
    (name) =>
      `  - python_file: {relative_path: definitions/${name}.py, location_name: ${name}, working_directory: definitions}\n`,
  );
  await writeFile(join(home, "workspace.yaml"), `load_from:\n${entries.join("")}`);
}
