/**
 * Finds a server that accepts the connection, as libpq does: the hosts in order, with and without TLS if that is
 * allowed.
 */
import type { Client, ClientConfig } from "pg";
import { DestinationError } from "../errors.ts";
import type { Driver } from "./driver.ts";
import { hasNoTls, isUnreachable } from "./errors.ts";
import { findPassword } from "./passfile.ts";
import { type Host, type Settings, wholeNumber } from "./settings.ts";
import { type TlsOptions, tlsOptions } from "./tls.ts";

/**
 * Connects to the first host that answers and has the role that `target_session_attrs` asks for.
 *
 * A host that cannot be reached, or is starting up, is skipped. One that rejects the login is not, since the next would
 * too.
 *
 * @throws the host's error, or for several hosts an AggregateError with each one's error
 */
export async function connectToAny(driver: Driver, settings: Settings, signal?: AbortSignal): Promise<Client> {
  const end = Date.now() + settings.totalMs;
  const hosts = settings.get("load_balance_hosts") === "random" ? shuffled(settings.hosts) : settings.hosts;
  const wanted = settings.get("target_session_attrs") ?? "any";
  // Any server is accepted once no standby was found.
  const passes = wanted === "prefer-standby" ? ["standby", "any"] : [wanted];
  const errors: HostError[] = [];
  for (const kind of passes) {
    errors.length = 0;
    for (const host of hosts) {
      const leftMs = end - Date.now();
      try {
        if (leftMs <= 0) throw timedOut("not tried, because the time is up");
        const client = await connectTo(driver, settings, { host, ms: Math.min(settings.hostMs, leftMs), signal });
        const reason = await mismatch(client, kind);
        if (reason === undefined) return client;
        await client.end().catch(() => undefined);
        throw Object.assign(new Error(reason), { code: "TARGET" });
      } catch (error) {
        signal?.throwIfAborted();
        errors.push({ host, error });
        if (!isUnreachable(error)) break;
      }
    }
    if (errors.some(({ error }) => !isUnreachable(error))) break;
  }
  throw hosts.length === 1 ? errors[0]?.error : together(errors);
}

interface HostError {
  readonly host: Host;
  readonly error: unknown;
}

/** The errors of several hosts, with their names. */
function together(errors: readonly HostError[]): unknown {
  const [first] = errors;
  // The error that ended the search decides. If all hosts are down, it is enough that one comes back.
  const refusal = errors.find(({ error }) => !isUnreachable(error));
  const { error: decisive } = refusal ?? errors.find(({ error }) => codeOf(error) !== "ENOTFOUND") ?? first ?? {};
  const messages = errors.map(({ host, error }) => `${nameOf(host)}: ${messageOf(error)}`);
  return joined(decisive, messages);
}

const nameOf = ({ isSocket, name, port }: Host) => (isSocket ? `${name}/.s.PGSQL.${port}` : `${name}:${port}`);

/** Merges several errors into one, of the kind of the decisive one. */
function joined(decisive: unknown, messages: readonly string[]): unknown {
  const message = [...new Set(messages)].join("; ");
  if (decisive instanceof DestinationError) return new DestinationError(decisive.code, message, { cause: decisive });
  return Object.assign(new Error(message, { cause: decisive }), { code: codeOf(decisive) });
}

interface Attempt {
  readonly host: Host;
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
}

/** Tries a host in each way that `sslmode` allows, in its order. */
async function connectTo(driver: Driver, settings: Settings, attempt: Attempt): Promise<Client> {
  const ways = waysOf(settings, attempt.host);
  const end = Date.now() + attempt.ms;
  const errors: unknown[] = [];
  for (const isEncrypted of ways) {
    try {
      const ssl = isEncrypted ? await tlsOptions(settings, attempt.host) : false;
      return await connectOnce(driver, settings, { ...attempt, ms: Math.max(1, end - Date.now()), ssl });
    } catch (error) {
      errors.push(error);
      if (attempt.signal?.aborted || !mayGoOtherwise(error)) break;
    }
  }
  // That it lacks TLS is why the other way was tried, and not the failure.
  const faults = errors.filter((error) => error === errors.at(-1) || !hasNoTls(error));
  throw faults.length === 1 ? faults[0] : joined(faults.at(-1), faults.map(messageOf));
}

/** Whether to encrypt, first and on the second try. A local socket is never encrypted. */
function waysOf({ sslMode }: Settings, { isSocket }: Host): readonly boolean[] {
  if (isSocket || sslMode === "disable") return [false];
  if (sslMode === "allow") return [false, true];
  return sslMode === "prefer" ? [true, false] : [true];
}

/** A server that rejects the connection, or whose TLS fails, may accept it the other way; one that is down will not. */
function mayGoOtherwise(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code.startsWith("28") || !(isUnreachable(error) || /^[0-9A-Z]{5}$/.test(code) || error instanceof DestinationError)
  );
}

async function connectOnce(
  driver: Driver,
  settings: Settings,
  { host, ms, signal, ssl }: Attempt & { readonly ssl: TlsOptions | false },
): Promise<Client> {
  const binding = settings.get("channel_binding") === "require" ? { isOffered: false } : undefined;
  if (binding && !ssl) throw unbound();
  const client = new driver.Client({
    ...clientConfig(settings, host),
    password: async () => {
      if (binding && !binding.isOffered) throw unbound();
      return passwordFor(settings, host);
    },
    ssl,
    enableChannelBinding: binding !== undefined,
    connectionTimeoutMillis: ms,
  } as ClientConfig);
  // Without a listener an error would end the process.
  client.on("error", () => undefined);
  if (binding) {
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    connection.on("authenticationSASL", ({ mechanisms }: { mechanisms: readonly string[] }) => {
      binding.isOffered = mechanisms.includes("SCRAM-SHA-256-PLUS");
    });
  }
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([client.connect(), aborted.promise]);
    if (binding && !binding.isOffered) throw unbound();
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Everything is set explicitly, so that the driver looks nothing up by itself. */
function clientConfig(settings: Settings, host: Host): ClientConfig & Readonly<Record<string, unknown>> {
  const { get, user, database } = settings;
  const idle = wholeNumber("keepalives_idle", get("keepalives_idle"));
  return {
    user,
    database,
    host: host.address,
    port: host.port,
    options: get("options"),
    application_name: get("application_name"),
    fallback_application_name: get("fallback_application_name"),
    sslnegotiation: get("sslnegotiation") === "direct" ? "direct" : "postgres",
    keepAlive: get("keepalives") !== "0",
    ...(idle !== undefined && idle > 0 && { keepAliveInitialDelayMillis: idle * 1000 }),
  };
}

async function passwordFor(settings: Settings, host: Host): Promise<string> {
  if (settings.password !== undefined) return settings.password;
  const { password, reason } = await findPassword(settings, host);
  if (password !== undefined) return password;
  throw new DestinationError(
    "NO_PERMISSION",
    `The PostgreSQL server at ${host.name} requires a password, and there is none. Set PGPASSWORD, or add a line to ` +
      `~/.pgpass${reason ? ` (${reason})` : ""}.`,
  );
}

/** Why a server does not have the required role; undefined if it does. */
async function mismatch(client: Client, wanted: string): Promise<string | undefined> {
  if (wanted === "any") return undefined;
  const { rows } = await client.query(
    "SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') = 'on' AS frozen",
  );
  const { standby, frozen } = rows[0] as { standby: boolean; frozen: boolean };
  const isReadOnly = standby || frozen;
  const isWanted = { "read-write": !isReadOnly, "read-only": isReadOnly, primary: !standby, standby }[wanted];
  if (isWanted) return undefined;
  const found = `${standby ? "a standby" : "a primary"}${isReadOnly ? ", read-only" : ""}`;
  return `the server is ${found}, but target_session_attrs=${wanted} requires another kind`;
}

const unbound = () =>
  new DestinationError(
    "NO_PERMISSION",
    "The PostgreSQL server: channel_binding=require needs SCRAM authentication over TLS, which the server does not offer. " +
      "Write sslmode=require (or better), or leave channel_binding out.",
  );

const timedOut = (message: string) => Object.assign(new Error(message), { code: "ETIMEDOUT" });

const codeOf = (error: unknown) => String((error as { code?: unknown } | undefined)?.code ?? "");

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(messageOf))].join("; ");
  return (error as Error).message;
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}
