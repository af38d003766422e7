/**
 * The settings of a connection: from the connection string, a service's section, the environment and libpq's defaults,
 * in this order.
 */
import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { DestinationError } from "../errors.ts";
import type { Address } from "./address.ts";
import { checkValue, knownParameters } from "./known-parameters.ts";
import { readService } from "./service-file.ts";

export interface Host {
  /** As given: a name, an address, or a socket folder. */
  readonly name: string;
  /** Where to connect: the name, or the address given in addition to it. */
  readonly address: string;
  readonly port: number;
  readonly isSocket: boolean;
}

export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

export interface Settings {
  readonly hosts: readonly Host[];
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  readonly sslMode: SslMode;
  /** The timeout for one host, in ms. */
  readonly hostMs: number;
  /** The timeout for all of them together, in ms. */
  readonly totalMs: number;
  /** Any other parameter. */
  get(name: string): string | undefined;
  /** Where libpq looks for a user's file: `~/.postgresql/root.crt`, `~/.pgpass`. */
  ownFile(name: "root.crt" | "root.crl" | "postgresql.crt" | "postgresql.key" | "passwords"): string;
}

/** The default for `connect_timeout`, in seconds: libpq would wait for as long as the network does. */
const CONNECT_SECONDS = 15;
const TOTAL_MS = 60_000;
const DEFAULT_PORT = 5432;

/**
 * @param env the environment
 * @throws DestinationError `NOT_A_DESTINATION` for unsupported or contradictory settings
 */
export async function readSettings({ parameters }: Address, env = process.env): Promise<Settings> {
  const fromEnv = (name: string): string | undefined => {
    const { env: variable } = knownParameters[name] ?? {};
    const value = (variable && env[variable]) || undefined;
    if (value !== undefined) checkValue(name, value, `the variable ${variable}`);
    return value;
  };
  // Including those that are never used, since they are not supported.
  for (const name of Object.keys(knownParameters)) fromEnv(name);
  const own = (name: string) => parameters.get(name) ?? fromEnv(name);
  const serviceName = own("service");
  const service = serviceName === undefined ? new Map() : await readService(serviceName, own("servicefile"), env);
  const get = (name: string): string | undefined => parameters.get(name) ?? service.get(name) ?? fromEnv(name);
  const user = get("user") ?? userInfo().username;
  const seconds = wholeNumber("connect_timeout", get("connect_timeout")) ?? CONNECT_SECONDS;
  const hostMs = seconds > 0 ? Math.max(seconds, 2) * 1000 : TOTAL_MS;
  const sslMode = sslModeOf(get);
  return {
    hosts: hostsOf(get),
    user,
    database: get("dbname") ?? user,
    password: get("password"),
    sslMode,
    hostMs,
    totalMs: Math.max(hostMs, TOTAL_MS),
    get,
    ownFile: (name) => ownFile(name, env),
  };
}

type Get = (name: string) => string | undefined;

function sslModeOf(get: Get): SslMode {
  const isSystem = get("sslrootcert") === "system";
  const ssl = get("ssl");
  const byOthers = ssl !== undefined ? (["0", "false"].includes(ssl) ? "disable" : "require") : undefined;
  const byOldName = get("requiressl") === "1" ? "require" : undefined;
  const mode = get("sslmode") ?? byOthers ?? byOldName ?? (isSystem ? "verify-full" : "prefer");
  if (isSystem && mode !== "verify-full") {
    throw refused(
      "sslrootcert=system needs sslmode=verify-full: anyone can get a certificate from a public authority, so only the " +
        "host name identifies the server",
    );
  }
  if (get("sslnegotiation") === "direct" && ["disable", "allow", "prefer"].includes(mode)) {
    throw refused("sslnegotiation=direct needs sslmode=require, verify-ca or verify-full");
  }
  // The driver's word for libpq's "require".
  return mode === "no-verify" ? "require" : (mode as SslMode);
}

function hostsOf(get: Get): readonly Host[] {
  const names = get("host")?.split(",");
  const addresses = get("hostaddr")?.split(",");
  const ports = (get("port") ?? "").split(",");
  const count = addresses?.length ?? names?.length ?? 1;
  if (names && addresses && names.length !== addresses.length) {
    throw refused(`host names ${names.length} hosts, hostaddr ${addresses.length}: give one address per host`);
  }
  if (ports.length !== 1 && ports.length !== count) {
    throw refused(`there are ${ports.length} ports for ${count} hosts: give one per host, or one for all`);
  }
  return Array.from({ length: count }, (_, index) => {
    const port = portOf(ports.length === 1 ? ports[0] : ports[index]);
    const name = names?.[index] || addresses?.[index] || defaultHost(port);
    if (name.startsWith("@")) {
      throw refused("sockets in the abstract namespace are not supported: name the socket's folder, or a host");
    }
    return { name, address: addresses?.[index] || name, port, isSocket: !addresses?.[index] && name.startsWith("/") };
  });
}

/** libpq defaults to the socket in the folder that it was built with; without one, to this machine by TCP. */
function defaultHost(port: number): string {
  if (process.platform === "win32") return "localhost";
  const folders = ["/var/run/postgresql", "/run/postgresql", "/tmp"];
  return folders.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? "localhost";
}

function portOf(text = ""): number {
  if (text === "") return DEFAULT_PORT;
  const port = wholeNumber("port", text) ?? DEFAULT_PORT;
  if (port < 1 || port > 65_535) throw refused("the port must be a number from 1 to 65535");
  return port;
}

/** @throws DestinationError for anything but an integer */
export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\s*-?\d{1,9}\s*$/.test(text)) throw refused(`${name} must be a whole number`);
  return Number(text);
}

function ownFile(name: Parameters<Settings["ownFile"]>[0], env: NodeJS.ProcessEnv): string {
  const isWindows = process.platform === "win32";
  const folder = isWindows ? join(env.APPDATA ?? "", "postgresql") : env.HOME || homedir();
  if (name === "passwords") return join(folder, isWindows ? "pgpass.conf" : ".pgpass");
  return isWindows ? join(folder, name) : join(folder, ".postgresql", name);
}

/** @param reason what is wrong, as a sentence without its end */
export function refused(reason: string, options?: ErrorOptions): DestinationError {
  return new DestinationError("NOT_A_DESTINATION", `The address of the PostgreSQL server: ${reason}.`, options);
}
