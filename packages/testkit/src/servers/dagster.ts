import { rmSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onExit } from "./on-exit.ts";
import { startPostgres } from "./postgres.ts";
import { freePort, type Service, startService, waitUntil } from "./processes.ts";
import { compiledFolder, ensureVenv, pythonEnvironment } from "./python.ts";
import { type PythonWorker, startPythonWorker } from "./python-worker.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The version from which the client is generated, and the default. */
export const dagsterVersion = "1.13.27";
/** The versions with a lock file in `requirements/`, oldest first, with the Pythons that they support. */
export const dagsterVersions = [
  { version: "1.7.10", pythons: { before: "3.12" } },
  { version: "1.10.21", pythons: { before: "3.13" } },
  { version: "1.13.27", pythons: {} },
] as const;
/** Takes about 10 s on an idle machine. Two cores under a load of 25 have taken more than 180 s. */
const readyDeadlineMs = 400_000;

/** Names of the code locations in `dagster/definitions/`. */
export type DagsterLocation = "a" | "b" | "c" | "methods" | "broken";

/** Dagster's storage: SQLite files in its home, in UTC, or a PostgreSQL in any time zone. */
export type DagsterStorage = "sqlite" | { readonly postgres: { readonly timezone: string } };

export interface DagsterDatabase {
  /** The PostgreSQL's URL. Null for SQLite. */
  readonly url: string | null;
  /** The time zone of its times, e.g. `America/New_York`. */
  readonly timezone: string;
}

/** A real Dagster with its own temporary home. */
export interface DagsterServer {
  /** URL of the GraphQL endpoint. */
  url: string;
  /** DAGSTER_HOME. Its folder `definitions/` holds the code locations' files, which tests may edit. */
  home: string;
  locations: readonly DagsterLocation[];
  /**
   * Runs a Python script with the server's DAGSTER_HOME and Dagster.
   *
   * @param script Path of the script. It gets `input` as JSON in its first argument, and prints JSON.
   */
  python<T>(script: string, input: unknown): Promise<T>;
  /**
   * Executes a GraphQL document.
   *
   * @throws If the response has errors.
   */
  query<T>(document: string, variables?: Record<string, unknown>): Promise<T>;
  /** Where Dagster's tables are. */
  database: DagsterDatabase;
  /** Reloads a code location, as a user does after a deployment. It may come back broken. */
  reloadLocation(name: DagsterLocation): Promise<void>;
  /** Stops the server and its code servers, and removes its home. */
  stop(): Promise<void>;
}

/**
 * Starts Dagster's web server, after installing Dagster if it is not in the cache. Without the daemon, only runs that the
 * test launches are executed, immediately.
 *
 * @param options.version One of `dagsterVersions`. Default: 1.13.27, the only one with PostgreSQL.
 * @param options.storage Default: SQLite.
 * @param options.port Default: a free port.
 * @param options.locations Code locations to load. Default: a and b.
 * @param options.daemon Runs the queue, backfills, schedules and sensors. Default: no.
 * @param options.queue Runs wait for the daemon to start them, which takes ten times as long. Default: no.
 * @throws MissingPythonError: If this machine has no suitable Python.
 * @throws ServerError: If the server is not ready within 400 s, with the end of its log.
 * @throws Error: If a code location other than `broken` does not load, with the reason.
 */
export async function startDagster(options: {
  log: (line: string) => void;
  version?: string;
  storage?: DagsterStorage;
  port?: number;
  locations?: readonly DagsterLocation[];
  daemon?: boolean;
  queue?: boolean;
  /** Python files to load besides, by the names of their code locations. Default: none. */
  files?: Readonly<Record<string, string>>;
  /** What `dagster.yaml` says besides. Default: nothing. */
  settings?: string;
  signal?: AbortSignal | undefined;
}): Promise<DagsterServer> {
  const { log, signal, version = dagsterVersion, storage = "sqlite", locations = ["a", "b"] } = options;
  const name = `dagster-${version}`;
  const pythons = dagsterVersions.find((each) => each.version === version)?.pythons;
  const venv = await ensureVenv({ name, pythons, log, signal });
  const { database, stopDatabase } = await startStorage(storage, log, signal);
  const home = await mkdtemp(join(tmpdir(), "dagster-"));
  const forgetHome = onExit(() => rmSync(home, removal));
  await writeHome(home, { locations, database, ...options });
  const port = options.port ?? (await freePort());
  const env = {
    ...pythonEnvironment(),
    PYTHONWARNINGS: "ignore",
    DAGSTER_HOME: home,
    // On a busy machine, a run's process may take longer to start than the default timeout of a minute.
    DAGSTER_GRPC_TIMEOUT_SECONDS: "300",
  };
  log(`Starting Dagster ${version} on port ${port}, time zone ${database.timezone}`);
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
    await rm(join(compiledFolder, home), removal);
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
    // Not while the server is creating its tables and starting its code servers: the two would interfere.
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
 * Reloads locations that failed to load but are not broken: Dagster does not retry a code server that did not start in
 * time.
 *
 * @throws If one still does not load, with the reason.
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
    log(`Code location ${name} did not load. Retrying: ${error?.message}`);
    await reloadLocation(name);
  }
  const [failed] = await failures();
  if (failed) throw new Error(`Code location ${failed.name} does not load: ${failed.locationOrLoadError?.message}`);
}

/** A busy code server may still write files for a moment after it was stopped. */
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

interface Home {
  readonly locations: readonly DagsterLocation[];
  readonly database: DagsterDatabase;
  readonly queue?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: string;
}

async function writeHome(
  home: string,
  { locations, database: { url }, queue = false, files = {}, settings: more = "" }: Home,
): Promise<void> {
  await cp(here("dagster/definitions/"), join(home, "definitions"), { recursive: true });
  // In SQLAlchemy 2.1, a plain postgresql:// selects another driver than the one installed with Dagster.
  const storage = url ? `storage:\n  postgres:\n    postgres_url: ${url.replace(":", "+psycopg2:")}\n` : "";
  // Explicit, since defaults differ between versions. By default, the daemon polls the queue every 5 s.
  const coordinator = queue
    ? "class: QueuedRunCoordinator\n  config: {dequeue_interval_seconds: 1}"
    : "class: DefaultRunCoordinator";
  const launching = `run_coordinator:\n  module: dagster._core.run_coordinator\n  ${coordinator}\n`;
  // By default, a location fails after three minutes. A busy machine may take longer to start its code server.
  const patience = "code_servers:\n  local_startup_timeout: 400\n";
  const settings = `telemetry:\n  enabled: false\n${patience}${storage}${launching}${more}`;
  await writeFile(join(home, "dagster.yaml"), settings);
  const entries = locations.map(
    (name) =>
      `  - python_file: {relative_path: definitions/${name}.py, location_name: ${name}, working_directory: definitions}\n`,
  );
  for (const [name, file] of Object.entries(files)) {
    entries.push(`  - python_file: {relative_path: ${JSON.stringify(file)}, location_name: ${name}}\n`);
  }
  await writeFile(join(home, "workspace.yaml"), `load_from:\n${entries.join("")}`);
}
