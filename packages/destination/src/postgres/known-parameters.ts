/**
 * The parameters that may follow the `?` of a connection string: libpq's, and the environment variables that replace
 * them.
 */
import { DestinationError } from "../errors.ts";

interface Known {
  /** The variable that provides it if the connection string does not. */
  readonly env?: string;
  /** Its possible values; any if there is no list. */
  readonly values?: readonly string[];
  /** Why another value is not supported, and what to write instead. @default that it must be one of them */
  readonly advice?: string;
}

const switches = ["0", "1"];
/** Set for other programs, and without a meaning here: it is never used. */
const unused: Known = {};

/** Why it is not supported, and what to write instead. Only an empty value is accepted, since it means none. */
const unsupported = (advice: string, env?: string): Known => ({ values: [], advice, ...(env && { env }) });

export const knownParameters: Readonly<Record<string, Known>> = {
  host: { env: "PGHOST" },
  hostaddr: { env: "PGHOSTADDR" },
  port: { env: "PGPORT" },
  dbname: { env: "PGDATABASE" },
  user: { env: "PGUSER" },
  password: { env: "PGPASSWORD" },
  passfile: { env: "PGPASSFILE" },
  service: { env: "PGSERVICE" },
  servicefile: { env: "PGSERVICEFILE" },
  connect_timeout: { env: "PGCONNECT_TIMEOUT" },
  options: { env: "PGOPTIONS" },
  application_name: { env: "PGAPPNAME" },
  fallback_application_name: {},
  target_session_attrs: {
    env: "PGTARGETSESSIONATTRS",
    values: ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
  },
  load_balance_hosts: { env: "PGLOADBALANCEHOSTS", values: ["disable", "random"] },
  keepalives: { values: switches },
  keepalives_idle: {},

  sslmode: {
    env: "PGSSLMODE",
    values: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"],
    advice: "must be disable, allow, prefer, require, verify-ca or verify-full",
  },
  requiressl: { env: "PGREQUIRESSL", values: switches },
  ssl: {
    values: ["true", "1", "false", "0", "no-verify"],
    advice: "must be true; use sslmode instead: disable, allow, prefer, require, verify-ca or verify-full",
  },
  sslnegotiation: { env: "PGSSLNEGOTIATION", values: ["postgres", "direct"] },
  sslrootcert: { env: "PGSSLROOTCERT" },
  sslcert: { env: "PGSSLCERT" },
  sslkey: { env: "PGSSLKEY" },
  sslpassword: {},
  sslcertmode: {
    env: "PGSSLCERTMODE",
    values: ["allow", "disable"],
    advice: "must be allow or disable: use pg_hba.conf (clientcert) to require a certificate",
  },
  sslcrl: { env: "PGSSLCRL" },
  sslcrldir: unsupported("is not supported: merge the lists into one file, and name it in sslcrl", "PGSSLCRLDIR"),
  sslsni: { env: "PGSSLSNI", values: ["1"], advice: "can only be 1: leave it out" },
  ssl_min_protocol_version: { env: "PGSSLMINPROTOCOLVERSION", values: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] },
  ssl_max_protocol_version: { env: "PGSSLMAXPROTOCOLVERSION", values: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] },
  channel_binding: { env: "PGCHANNELBINDING", values: ["disable", "prefer", "require"] },
  require_auth: unsupported(
    "is not supported: leave it out, and use sslmode=verify-full to make sure that the right server gets the password",
    "PGREQUIREAUTH",
  ),
  requirepeer: unsupported(
    "is not supported: leave it out, and use a socket folder that only the server's user can write to",
    "PGREQUIREPEER",
  ),
  gssencmode: {
    env: "PGGSSENCMODE",
    values: ["disable", "prefer"],
    advice: "must be disable or prefer: encryption by GSSAPI is not supported. Write sslmode=require for TLS",
  },
  replication: {
    values: ["false", "off", "no", "0"],
    advice: "is not supported: leave it out, because a sync needs an ordinary connection",
  },

  client_encoding: unused,
  keepalives_interval: unused,
  keepalives_count: unused,
  tcp_user_timeout: unused,
  sslcompression: unused,
  krbsrvname: unused,
  gsslib: unused,
  gssdelegation: unused,
  min_protocol_version: unused,
  max_protocol_version: unused,
  // The driver's own: what it asks for is what happens anyway.
  uselibpqcompat: { values: ["true"], advice: "can only be true: leave it out" },
};

/** Settings that other drivers accept in a connection string, and what to write instead. */
const elsewhere: Readonly<Record<string, string>> = {
  schema: "is not a parameter of the server: pass it as the option schema",
  ...Object.fromEntries(
    ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path"].map((name) => [
      name,
      `is a setting of the server: write options=-c%20${name}%3D…`,
    ]),
  ),
};

/**
 * Checks the parameters of a connection string. No message repeats a value.
 *
 * @returns those that have a meaning
 * @throws DestinationError `NOT_A_DESTINATION` with what to write instead
 */
export function checkParameters(given: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const checked = new Map<string, string>();
  for (const [name, value] of given) {
    if (!Object.hasOwn(knownParameters, name)) throw unknown(name);
    checkValue(name, value);
    if (value !== "") checked.set(name, value);
  }
  return checked;
}

/** @param where its location, by default the connection string. @throws DestinationError `NOT_A_DESTINATION` */
export function checkValue(name: string, value: string, where = `the parameter ${name}`): void {
  const { values, advice } = knownParameters[name] ?? {};
  if (value === "" || !values || values.includes(value)) return;
  const must = advice ?? `must be ${values.join(", ").replace(/, ([^,]*)$/, " or $1")}`;
  throw new DestinationError("NOT_A_DESTINATION", `The address of the PostgreSQL server: ${where} ${must}.`);
}

function unknown(name: string): DestinationError {
  // Anything but a name may be part of a password.
  const shown = /^[a-z][a-z_]{0,39}$/i.test(name) ? `the parameter ${name}` : "a parameter after its ?";
  const reason = Object.hasOwn(elsewhere, name)
    ? elsewhere[name]
    : "is unknown to PostgreSQL (percent-encode special characters in user and password). Leave it out; server settings " +
      "go into options=-c%20name%3Dvalue";
  return new DestinationError("NOT_A_DESTINATION", `The address of the PostgreSQL server: ${shown} ${reason}.`);
}
