import { DestinationError, type DestinationErrorCode } from "../errors.ts";
import { clauseOf } from "../sql/words.ts";

type Meaning = readonly [DestinationErrorCode, advice: string];

const unreachable: Meaning = ["UNAVAILABLE", "Nothing is lost: try again once the server is reachable."];
const denied: Meaning = ["NO_PERMISSION", "Check the user and password in the URL, and pg_hba.conf on the server."];
const noKey: Meaning = [
  "SCHEMA_CONFLICT",
  "The table's primary key was dropped, or made deferrable. Recreate it with ALTER TABLE … ADD PRIMARY KEY (…), or " +
    "drop the table to have it read again.",
];
const inTheWay: Meaning = ["LOCKED", "Another program is using the same tables. Try again when it has finished."];

/** Interprets the codes of PostgreSQL (https://postgresql.org/docs/current/errcodes-appendix.html) and of Node. */
const known: Readonly<Record<string, Meaning>> = {
  "28P01": denied,
  "28000": denied,
  "3D000": ["NOT_FOUND", "Create the database first, or correct the URL."],
  "3F000": ["NOT_FOUND", "Create the schema first, or correct its name."],
  "42501": [
    "NO_PERMISSION",
    "The user needs privileges to create tables in the schema (or to create the schema), and temporary tables in the database.",
  ],
  "42P10": noKey,
  "25006": ["NO_PERMISSION", "The server is read-only: connect to the primary, not to a replica."],
  "53100": ["NO_SPACE", "Free up space on the server and sync again."],
  // Locks, deadlocks, and tables that two sessions create at once.
  "55P03": inTheWay,
  "40P01": inTheWay,
  "40001": inTheWay,
  "42P06": inTheWay,
  "42P07": inTheWay,
  "25P03": [
    "UNAVAILABLE",
    "This process was paused for longer than its lease, so the server ended the transaction. Sync again.",
  ],
  "57014": ["UNAVAILABLE", "A server limit or an administrator cancelled the statement. Sync again."],
  ENOTFOUND: ["NOT_FOUND", "Correct the host in the URL."],
  // A missing socket, or one without permission.
  ENOENT: [
    "UNAVAILABLE",
    "No server listens on this socket. Check its folder (the host) and the port, or sync again later.",
  ],
  EACCES: ["NO_PERMISSION", "This user may not use the server's socket."],
  TARGET: ["UNAVAILABLE", "Add more hosts, or try again once the servers have changed their roles."],
};

/**
 * Errors caused by a value or a row: limits of values, indexes and nesting (54), data that does not fit its type or the
 * database's encoding (22), and whatever users added to the table: constraints (23), views with a check (44), and
 * triggers and functions (09, 21, 27, 2F, 38, 39, P0).
 */
const aboutRow = /^(54...|2[123F]...|44000|09000|27000|3[89]...|P0...)$/;

const tooLong = "a key is too long for PostgreSQL's index, or a value is too large to store";

/** The message if the error is about a row being stored; undefined for the location, the connection or a lock. */
export function refusalOf(thrown: unknown): string | undefined {
  const { code, routine } = (thrown ?? {}) as { readonly code?: unknown; readonly routine?: unknown };
  if (!aboutRow.test(String(code)) && !isRefusedBy(routine, String(code))) return undefined;
  return code === "54000" ? `${clauseOf(thrown)}: ${tooLong}` : clauseOf(thrown);
}

/** Decided by the PostgreSQL function that raised it, where the code may be any. */
function isRefusedBy(routine: unknown, code: string): boolean {
  // A policy that rejects a row has the code of a missing privilege.
  if (routine === "ExecWithCheckOptions") return true;
  // RAISE in a trigger has the code that its author chose, unless that is about the location.
  return routine === "exec_stmt_raise" && !Object.hasOwn(known, code) && !transient.test(code);
}

const ways =
  "or sslmode=require without sslrootcert to encrypt without verification (a file ~/.postgresql/root.crt counts as sslrootcert)";

/** Node's messages about a server's certificate, and about TLS. The first match counts. */
const tlsFailures: readonly (readonly [RegExp, advice: string])[] = [
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    "Connect by a host name that is in the certificate, or write sslmode=verify-ca with sslrootcert=FILE to verify only the authority.",
  ],
  [
    /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|CERT_REVOKED)$/,
    `Check this machine's clock, renew the server's certificate, ${ways}.`,
  ],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|INVALID_|PATH_LENGTH_EXCEEDED|CRL_|ERROR_IN_CRL_)/,
    "Write sslrootcert=FILE with the certificate of the authority that signed the server's (sslrootcert=system for a public " +
      `one), ${ways}.`,
  ],
  [
    /^(ERR_SSL_|ERR_OSSL_|ERR_TLS_|EPROTO$)/,
    "Check which TLS versions the server supports, and which client certificate it requires.",
  ],
];
/** Whether a server does not support TLS. */
export function hasNoTls(thrown: unknown): boolean {
  // The driver's message, which has no code.
  return /^The server does not support SSL connections/.test(messageOf(thrown));
}

function tlsMeaning(code: string, thrown: unknown): Meaning | undefined {
  if (hasNoTls(thrown)) {
    return ["TLS", "Enable TLS on the server, or write sslmode=prefer to connect without it if the server has none."];
  }
  const found = tlsFailures.find(([pattern]) => pattern.test(code));
  return found && ["TLS", found[1]];
}

/** Whether another host may answer if this one did not. */
export function isUnreachable(thrown: unknown): boolean {
  const code = String((thrown as { code?: unknown } | undefined)?.code ?? "");
  // A server that is shutting down or starting up accepts no connection now.
  if (/^[0-9A-Z]{5}$/.test(code) && code !== "EPIPE") return code === "57P03";
  return (
    /^(ENOTFOUND|ENOENT|EACCES|TARGET)$/.test(code) ||
    transient.test(code) ||
    (code === "" && lost.test(messageOf(thrown)))
  );
}

/** Shutdown, start-up, too many connections; and the ways in which a network fails. */
const transient =
  /^(08...|57P0.|53[234]00|ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|E(HOST|NET)(UNREACH|DOWN))$/;
/** The driver's message, which has no code. */
const lost = /^(Connection terminated|timeout expired|Client has encountered a connection error|Client was closed)/;

/**
 * Converts a driver's error.
 *
 * @param doing what failed, as the beginning of a sentence: `Storing airflow_dags`
 */
export function toDestinationError(thrown: unknown, place: string, doing: string): DestinationError {
  if (thrown instanceof DestinationError) return thrown;
  const code = String((thrown as { code?: unknown } | undefined)?.code ?? "");
  const message = messageOf(thrown);
  const isTransient = transient.test(code) || lost.test(message);
  const [ours, advice] =
    known[code] ??
    keyMeaning(thrown) ??
    tlsMeaning(code, thrown) ??
    (isTransient ? unreachable : (["FAILED", ""] as const));
  return new DestinationError(
    ours,
    `${doing} in ${place} failed: ${message.replace(/[\s:.!?]*$/, ".")} ${functionOf(thrown)}${advice}`.trim(),
    {
      cause: thrown,
    },
  );
}

/** A deferrable key has an error code that many errors share. */
function keyMeaning(thrown: unknown): Meaning | undefined {
  return (thrown as { routine?: unknown } | undefined)?.routine === "ExecCheckIndexConstraints" ? noKey : undefined;
}

/** A sentence that names the failed function if it is a user's, as with a trigger: we did not call it. */
function functionOf(thrown: unknown): string {
  const { where } = (thrown ?? {}) as { readonly where?: unknown };
  const [name] = /^(?:PL\/\S+|SQL) function .*$/m.exec(String(where)) ?? [];
  return name === undefined ? "" : `That was ${name}, which is not ours: fix it, or drop the trigger that calls it. `;
}

/** A host with several addresses fails with several errors, and no message of its own. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return [...new Set(thrown.errors.map(messageOf))].join("; ");
  // Node suggests its own options, which do not apply to a database's authority.
  return (thrown instanceof Error ? thrown.message : String(thrown))
    .replace(/; if the root CA is installed.*$/s, "")
    .trim();
}
