import { rmSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { onExit } from "./on-exit.ts";
import { freePort, run, startService, waitUntil } from "./processes.ts";
import { cacheFolder, ensureVenv } from "./python.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The version that the live tests and `specs/dagster/` are about. */
export const dagsterVersion = "1.13.27";
/** An idle machine needs about 10 s; a busy one with two cores has needed 35. */
const readyDeadlineMs = 180_000;

/** Names of the code locations in `dagster/definitions/`; what is in them is written there. */
export type DagsterLocation = "a" | "b" | "c";

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
  /** The database of the runs, read only. The caller closes it. */
  db(): DatabaseSync;
  /** Has the server load a code location anew, as a person does after a deployment. It may come back broken. */
  reloadLocation(name: DagsterLocation): Promise<void>;
  /** Ends the server with its code servers, and removes its home. */
  stop(): Promise<void>;
}

/**
 * Installs Dagster into the cache where it is missing and starts its web server, without the daemon: nothing runs, and
 * nothing changes but by the test.
 *
 * @param options.port Default: a free one.
 * @param options.locations Code locations to load. Default: a and b.
 * @throws {MissingPythonError} When this machine has no fitting Python.
 * @throws {ServerError} When the server is not ready in three minutes, with the end of its log.
 */
export async function startDagster(options: {
  log: (line: string) => void;
  port?: number;
  locations?: readonly DagsterLocation[];
  signal?: AbortSignal | undefined;
}): Promise<DagsterServer> {
  const { log, signal, locations = ["a", "b"] } = options;
  const name = `dagster-${dagsterVersion}`;
  const venv = await ensureVenv({ name, lockFile: here(`requirements/${name}.txt`), log, signal });
  const home = await mkdtemp(join(tmpdir(), "dagster-"));
  const forgetHome = onExit(() => rmSync(home, removal));
  await writeHome(home, locations);
  const port = options.port ?? (await freePort());
  // Compiled files go to the cache, since scripts in the checkout are imported too.
  const python = { PYTHONWARNINGS: "ignore", PYTHONPYCACHEPREFIX: join(cacheFolder, "pycache") };
  const env = { ...process.env, ...python, DAGSTER_HOME: home };
  log(`Starting Dagster ${dagsterVersion} on port ${port}`);
  const address = ["-w", "workspace.yaml", "-h", "127.0.0.1", "-p", String(port)];
  const service = startService(venv.bin("dagster-webserver"), address, { env, cwd: home });
  const stop = async () => {
    await service.stop();
    forgetHome();
    await rm(home, removal);
  };
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}/graphql`;
  const answers = async () => (await fetch(`${origin}/server_info`, { signal: AbortSignal.timeout(5000) })).ok;
  try {
    await waitUntil(`Dagster ${dagsterVersion}`, answers, [service], { deadlineMs: readyDeadlineMs, signal });
  } catch (error) {
    await stop();
    throw error;
  }

  const query: DagsterServer["query"] = async <T>(document: string, variables?: Record<string, unknown>) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: document, variables }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const answer = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : {};
    if (!answer.data || answer.errors) throw new Error(`Dagster answered ${response.status}: ${text.slice(0, 2000)}`);
    return answer.data as T;
  };
  return {
    url,
    home,
    locations,
    query,
    async python<T>(script: string, input: unknown) {
      return JSON.parse(await run(venv.python, [script, JSON.stringify(input)], { env, cwd: home, signal })) as T;
    },
    db: () => new DatabaseSync(join(home, "history", "runs.db"), { readOnly: true }),
    async reloadLocation(location) {
      const document = `mutation($name: String!) {
        reloadRepositoryLocation(repositoryLocationName: $name) { __typename ... on PythonError { message } } }`;
      const { reloadRepositoryLocation: result } = await query<{
        reloadRepositoryLocation: { __typename: string; message?: string };
      }>(document, { name: location });
      if (result.__typename !== "WorkspaceLocationEntry") {
        throw new Error(`Dagster did not reload ${location}: ${result.__typename} ${result.message ?? ""}`);
      }
    },
    stop,
  };
}

/** A busy code server may still write for an instant after it was told to end. */
const removal = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 } as const;

async function writeHome(home: string, locations: readonly DagsterLocation[]): Promise<void> {
  await cp(here("dagster/definitions/"), join(home, "definitions"), { recursive: true });
  await writeFile(join(home, "dagster.yaml"), "telemetry:\n  enabled: false\n");
  const entries = locations.map(
    (name) => `  - python_file: {relative_path: definitions/${name}.py, location_name: ${name}}\n`,
  );
  await writeFile(join(home, "workspace.yaml"), `load_from:\n${entries.join("")}`);
}
