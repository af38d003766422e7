import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { query } from "@org/testkit/places/postgres";
import { ordinaryAccount } from "@org/testkit/servers/postgres";
import { freePort, run, startService, waitUntil } from "@org/testkit/servers/processes";

/** PgBouncer's version. Undefined if it is not installed. */
export async function pgbouncerVersion(): Promise<string | undefined> {
  return run("pgbouncer", ["--version"]).catch(() => undefined);
}

/** Starts PgBouncer in front of a server, in transaction mode: each transaction may get a different connection. */
export async function startPgbouncer(serverUrl: string): Promise<{ url: string; stop(): Promise<void> }> {
  const server = new URL(serverUrl);
  const folder = await mkdtemp("/tmp/pgbouncer-");
  const account = await ordinaryAccount();
  const port = await freePort();
  const settings = [
    "[databases]",
    `* = host=${server.hostname} port=${server.port} user=${server.username}`,
    "[pgbouncer]",
    `listen_addr = ${server.hostname}`,
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 5",
    // Use the connection that was idle the longest next, so that they rotate.
    "server_round_robin = 1",
  ];
  const file = join(folder, "pgbouncer.ini");
  await writeFile(file, settings.join("\n"), { mode: 0o644 });
  await run("chmod", ["755", folder]);
  const service = startService("pgbouncer", [file], { ...account, cwd: "/" });
  const url = Object.assign(new URL(serverUrl), { port: String(port) }).href;
  const ready = () => query(url, "SELECT 1").then(() => true);
  await waitUntil("PgBouncer", ready, [service], { deadlineMs: 180_000 });
  return {
    url,
    async stop() {
      await service.stop();
      await rm(folder, { recursive: true });
    },
  };
}
