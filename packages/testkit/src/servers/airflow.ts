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

/** Takes 10 s on an idle machine, and several times that on a busy one. */
const readyDeadlineMs = 300_000;

export interface StartAirflowOptions {
  /** Receives progress, one line at a time. */
  log: (line: string) => void;
  /** One of `airflowVersions`. Default: the newest, or with `fab` the one that supports it. */
  version?: string;
  /** Name of its lock file. Default: `airflow-` and the version. */
  venv?: string;
  /** Folder of DAG files, parsed before the server is ready. Default: an empty one in `home`. */
  dagsFolder?: string;
  /** Additional environment variables, e.g. `{ AIRFLOW__API__MAXIMUM_PAGE_LIMIT: "50" }`. */
  env?: Record<string, string>;
  /**
   * Also starts a scheduler (LocalExecutor), a DAG processor and a triggerer, so that runs really execute. Ready once all
   * of them are healthy. Default: false.
   */
  scheduler?: boolean;
  /**
   * The auth manager: `simple`, with two users, or `fab` (version 3.3.2), with an `admin` and roles that may only read some
   * DAGs. Default: `simple`.
   */
  authManager?: "simple" | "fab";
  /** Default: a free port. */
  port?: number;
  signal?: AbortSignal | undefined;
}

/**
 * A real Airflow with its own PostgreSQL. Users: `admin` (all permissions) and, with the simple auth manager, `viewer`
 * (read-only). Each password is the user's name.
 */
export interface AirflowServer {
  url: string;
  version: string;
  username: string;
  password: string;
  /** The key that signs its tokens (HS512), to create expired or forged ones. */
  jwtSecret: string;
  databaseUrl: string;
  home: string;
  dagsFolder: string;
  /**
   * Queries its database, since 3.4 through views of the older tables (`airflow-classic.ts`). Timestamps are returned as
   * `YYYY-MM-DDTHH:MM:SS.ffffffZ`. Lines that end in `-- since 3.2` or `-- before 3.2` only apply to these versions.
   */
  query<R = QueryRow>(sql: string, parameters?: unknown[]): Promise<R[]>;
  /** Runs the `airflow` command, e.g. `["dags", "reserialize"]`. @returns Its standard output. */
  cli(args: string[]): Promise<string>;
  /** Starts the `airflow` command in the background, with additional environment variables. It stops with this server. */
  background(args: string[], env?: Record<string, string>): Service;
  /** Restarts the API server on the same port, with additional environment variables. The database stays. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Starts another API server on the same database, with additional environment variables. It stops with this one. @returns Its URL. */
  another(env?: Record<string, string>): Promise<string>;
  /** Stops all its processes and removes all its files. */
  stop(): Promise<void>;
}

/**
 * Starts Airflow, after installing it if it is not in the cache. Ready once its health check succeeds.
 *
 * @throws MissingPythonError: If this machine has no suitable Python.
 * @throws ServerError: If it is not ready in time, with the end of its log.
 */
export async function startAirflow(options: StartAirflowOptions): Promise<AirflowServer> {
  const { log, signal } = options;
  const isFab = options.authManager === "fab";
  const version = options.version ?? (isFab ? airflowWithFab : newestAirflow);
  const name = options.venv ?? `airflow-${version}`;
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
    // Its tables are created along with the others. Other auth managers ignore them.
    if (version === airflowWithFab) Object.assign(own, fabSettings);
    const tables = await tablesOf(venv, { log, env: own, cwd: home, signal });
    const postgres = await startPostgres({ log, signal, from: tables });
    const isClassic = !isAtLeast(version, "3.4");
    if (!isClassic) await makeClassicTables(postgres.url("airflow"));
    const databaseUrl = postgres.url("airflow", isClassic ? undefined : classicRole);
    const database: Database = openDatabase(databaseUrl);
    // Stop the server first: closing the connections waits for running queries.
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
      // Restart it, as a supervisor would: in one of ten runs its Python crashed (SIGSEGV) under two connections.
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
    // They exit if the machine is too busy for their heartbeats.
    const keep = (args: string[]) => {
      const onEnd = (how: number | string) => {
        if (stopping) return;
        log(`airflow ${args[0]} exited (${how}). Restarting it. Its last output:\n${service.tail().slice(-3000)}`);
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
      background: (args, moreEnv = {}) => {
        const service = startService(airflow, args, { env: { ...env, ...moreEnv }, cwd: home });
        helpers.push(service);
        return service;
      },
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
 * Starts tasks within a second, but no more at once than two cores can handle. Fails tasks within a minute if their
 * process is gone, or never started.
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
  // By default, permissions are cached for half a minute.
  AIRFLOW__FAB__CACHE_TTL: "0",
};
const fabAdmin = "-u admin -p admin -r Admin -f Ada -l Admin -e admin@example.com".split(" ");

/**
 * A minimal environment, without settings of another Airflow or Python on this machine. Also without vitest's `DEV`, with
 * which Airflow renders every exception for seconds before it responds.
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

/** Tasks run in their own process groups. Finds them on Linux by the home in their environment, and kills them by id. */
function killByHome(home: string): void {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (environment.includes(`AIRFLOW_HOME=${home}`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has exited, or is not ours to read.
    }
  }
}
