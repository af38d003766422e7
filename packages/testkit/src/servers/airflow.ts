import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { classicRole, makeClassicTables } from "./airflow-classic.ts";
import { tablesOf } from "./airflow-tables.ts";
import { airflowVersions, airflowWithFab, newestAirflow } from "./airflow-versions.ts";
import { type Database, openDatabase, type QueryRow } from "./database.ts";
import { forVersion, isAtLeast } from "./for-version.ts";
import { onExit, removeFolderSync } from "./on-exit.ts";
import { startPostgres } from "./postgres.ts";
import { freePort, run, type Service, startService, waitUntil } from "./processes.ts";
import { ensureVenv } from "./python.ts";

/** An idle machine needs 10 s, a busy one several times that. */
const readyDeadlineMs = 300_000;

export interface StartAirflowOptions {
  /** Told what is being done, one line at a time. */
  log: (line: string) => void;
  /** One of `airflowVersions`. Default: the newest; with `fab` the one that has it. */
  version?: string;
  /** Folder of DAG files, parsed before the server is ready. Default: an empty one in `home`. */
  dagsFolder?: string;
  /** Further environment, e.g. `{ AIRFLOW__API__MAXIMUM_PAGE_LIMIT: "50" }`. */
  env?: Record<string, string>;
  /**
   * Runs a scheduler (LocalExecutor), a DAG processor and a triggerer too, so that triggered runs really run; ready when
   * all of them are healthy. Default: false.
   */
  scheduler?: boolean;
  /**
   * Who knows the users: `simple`, with two of them, or `fab`, with roles that may read some DAGs only and an `admin`
   * (version 3.3.2). Default: `simple`.
   */
  authManager?: "simple" | "fab";
  /** Default: a free one. */
  port?: number;
  signal?: AbortSignal | undefined;
}

/**
 * A real Airflow with a PostgreSQL of its own. Users: `admin` (all rights) and, with the simple auth manager, `viewer`
 * (reads), password = name.
 */
export interface AirflowServer {
  url: string;
  version: string;
  username: string;
  password: string;
  /** What its tokens are signed with (HS512), to make expired or forged ones. */
  jwtSecret: string;
  databaseUrl: string;
  home: string;
  dagsFolder: string;
  /**
   * Asks its database, since 3.4 through the tables that it had before (`airflow-classic.ts`). Timestamps come as
   * `YYYY-MM-DDTHH:MM:SS.ffffffZ`. Lines that end in `-- since 3.2` or `-- before 3.2` are for these versions only.
   */
  query<R = QueryRow>(sql: string, parameters?: unknown[]): Promise<R[]>;
  /** Runs the `airflow` command, e.g. `["dags", "reserialize"]`. @returns Its standard output. */
  cli(args: string[]): Promise<string>;
  /** Stops the API server and starts it again on the same port, with further environment. The database stays. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Starts one more API server on the same database, with further environment. It ends with this one. @returns Its address. */
  another(env?: Record<string, string>): Promise<string>;
  /** Ends every process and removes every file of it. */
  stop(): Promise<void>;
}

/**
 * Installs Airflow when it is not in the cache, and starts it. Ready when it answers its health check.
 *
 * @throws MissingPythonError: When this machine has no fitting Python.
 * @throws ServerError: When it is not ready in time, with the end of its log.
 */
export async function startAirflow(options: StartAirflowOptions): Promise<AirflowServer> {
  const { log, signal } = options;
  const isFab = options.authManager === "fab";
  const version = options.version ?? (isFab ? airflowWithFab : newestAirflow);
  const name = `airflow-${version}`;
  const pythons = airflowVersions.find((each) => each.version === version)?.pythons;
  const venv = await ensureVenv({ name, pythons, log, signal });

  const home = await mkdtemp(join(tmpdir(), "airflow-"));
  const cleanUp: (() => Promise<unknown> | unknown)[] = [() => removeFolderSync(home)];
  const forget = onExit(() => {
    killByHome(home);
    removeFolderSync(home);
  });
  let stopping = false;
  const stop = async () => {
    stopping = true;
    for (const step of cleanUp.reverse()) await step();
    cleanUp.length = 0;
    forget();
  };

  try {
    const own = { ...surroundings(dirname(venv.python)), AIRFLOW_HOME: home };
    // Its tables are made with the others, and mean nothing to another auth manager.
    if (version === airflowWithFab) Object.assign(own, fabSettings);
    const tables = await tablesOf(venv, { log, env: own, cwd: home, signal });
    const postgres = await startPostgres({ log, signal, from: tables });
    const isClassic = !isAtLeast(version, "3.4");
    if (!isClassic) await makeClassicTables(postgres.url("airflow"));
    const databaseUrl = postgres.url("airflow", isClassic ? undefined : classicRole);
    const database: Database = openDatabase(databaseUrl);
    // The server first: closing the connections waits for what still runs in them.
    cleanUp.push(() => database.close());
    cleanUp.push(() => postgres.stop());

    const port = options.port ?? (await freePort());
    const url = `http://127.0.0.1:${port}`;
    const jwtSecret = randomBytes(64).toString("base64url");
    const dagsFolder = options.dagsFolder ?? join(home, "dags");
    await mkdir(dagsFolder, { recursive: true });
    const passwordsFile = join(home, "passwords.json");
    await writeFile(passwordsFile, JSON.stringify({ admin: "admin", viewer: "viewer" }));
    const env: NodeJS.ProcessEnv = {
      ...surroundings(dirname(venv.python)),
      AIRFLOW_HOME: home,
      AIRFLOW__CORE__DAGS_FOLDER: dagsFolder,
      AIRFLOW__CORE__LOAD_EXAMPLES: "False",
      AIRFLOW__CORE__FERNET_KEY: "",
      AIRFLOW__CORE__EXECUTOR: "LocalExecutor",
      AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${url}/execution/`,
      AIRFLOW__CORE__AUTH_MANAGER: "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
      AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS: "admin:admin,viewer:viewer",
      AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE: passwordsFile,
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: postgres.url("airflow").replace("postgresql:", "postgresql+psycopg2:"),
      AIRFLOW__API_AUTH__JWT_SECRET: jwtSecret,
      AIRFLOW__API__SECRET_KEY: jwtSecret,
      AIRFLOW__API__WORKERS: "1",
      PYTHONFAULTHANDLER: "1",
      ...(options.scheduler && schedulerSettings),
      ...(isFab && fabSettings),
      ...options.env,
    };
    const airflow = venv.bin("airflow");
    const cli = (args: string[]) => run(airflow, args, { env, cwd: home, signal });

    if (isFab) await cli(["users", "create", ...fabAdmin]);
    if ((await readdir(dagsFolder)).some((name) => name.endsWith(".py"))) {
      log("Parsing the DAG files");
      await cli(["dags", "reserialize"]);
    }

    const helpers: Service[] = [];
    let server: Service | undefined;
    const serve = async (moreEnv: Record<string, string>) => {
      const args = apiServer(port);
      // As any supervisor does: its Python was seen to crash (SIGSEGV) in one of ten runs, under two connections.
      const onEnd = (how: number | string) => {
        if (stopping || server !== service) return;
        log(
          `Airflow's API server ended by itself (${how}): starting it again. It said:\n${service.tail().slice(-3000)}`,
        );
        serve(moreEnv).catch((error: Error) => log(error.message));
      };
      const service: Service = startService(airflow, args, { env: { ...env, ...moreEnv }, cwd: home, onEnd });
      server = service;
      await waitUntil(`Airflow ${version} on ${url}`, () => answers(url), [service], {
        deadlineMs: readyDeadlineMs,
        signal,
      });
    };
    // They end themselves where the machine is too busy for their heartbeats.
    const keep = (args: string[]) => {
      const onEnd = (how: number | string) => {
        if (stopping) return;
        log(`airflow ${args[0]} ended by itself (${how}): starting it again. It said:\n${service.tail().slice(-3000)}`);
        helpers.splice(helpers.indexOf(service), 1);
        keep(args);
      };
      const service: Service = startService(airflow, args, { env, cwd: home, onEnd });
      helpers.push(service);
    };
    cleanUp.push(() => killByHome(home));
    cleanUp.push(() => Promise.all([server, ...helpers].map((service) => service?.stop(1500))));
    log(`Starting Airflow ${version} on port ${port}`);
    await serve({});

    if (options.scheduler) {
      log("Starting the scheduler, the DAG processor and the triggerer");
      keep(["scheduler", "--skip-serve-logs"]);
      keep(["dag-processor"]);
      keep(["triggerer", "--skip-serve-logs"]);
      await waitUntil("Airflow's scheduler", () => allHealthy(url), helpers, { deadlineMs: readyDeadlineMs, signal });
    }

    return {
      url,
      version,
      username: "admin",
      password: "admin",
      jwtSecret,
      databaseUrl,
      home,
      dagsFolder,
      query: (sql, parameters) => database.query(forVersion(sql, version), parameters),
      cli,
      restart: async (moreEnv = {}) => {
        const before = server;
        server = undefined;
        await before?.stop();
        await serve(moreEnv);
      },
      another: async (moreEnv = {}) => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        const service = startService(airflow, apiServer(port), { env: { ...env, ...moreEnv }, cwd: home });
        helpers.push(service);
        await waitUntil(`Airflow ${version} on ${url}`, () => answers(url), [service], {
          deadlineMs: readyDeadlineMs,
          signal,
        });
        return url;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A task begins within a second of its turn, and no more of them at once than two cores can bear. One whose process is
 * gone, or that never came to one, is given up within the minute.
 */
const schedulerSettings = {
  AIRFLOW__CORE__PARALLELISM: "4",
  AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME: "0.2",
  AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC: "1",
  AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT: "30",
  AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL: "5",
  AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT: "30",
  AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL: "5",
  AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES: "1",
};

async function allHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/api/v2/monitor/health`, { signal: AbortSignal.timeout(5000) });
  const health = (await response.json()) as Record<string, { status: string | null } | undefined>;
  return ["scheduler", "dag_processor", "triggerer"].every((part) => health[part]?.status === "healthy");
}

const apiServer = (port: number) => ["api-server", "--host", "127.0.0.1", "--port", String(port)];

async function answers(url: string): Promise<boolean> {
  return (await fetch(`${url}/api/v2/monitor/health`, { signal: AbortSignal.timeout(5000) })).ok;
}

const fabSettings = {
  AIRFLOW__CORE__AUTH_MANAGER: "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
  // A user's rights are remembered for half a minute otherwise.
  AIRFLOW__FAB__CACHE_TTL: "0",
};
const fabAdmin = "-u admin -p admin -r Admin -f Ada -l Admin -e admin@example.com".split(" ");

/**
 * Only what a program needs to run: settings of another Airflow or Python on this machine stay outside, and so does
 * vitest's `DEV`, by which Airflow draws a picture of every exception, which keeps it from answering for seconds.
 */
function surroundings(binFolder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AIRFLOW|PYTHON|VIRTUAL_ENV|PG|DEV$)/.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: `${binFolder}:${process.env.PATH}`,
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
    NO_COLOR: "1",
  };
}

/** Tasks run in process groups of their own: found on Linux by the home in their environment, ended by their id. */
function killByHome(home: string): void {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (environment.includes(`AIRFLOW_HOME=${home}`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended, or is not ours to read.
    }
  }
}
