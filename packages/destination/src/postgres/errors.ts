import { DestinationError, type DestinationErrorCode } from "../errors.ts";
import { clauseOf } from "../sql/words.ts";

type Meaning = readonly [DestinationErrorCode, advice: string];

const unreachable: Meaning = ["UNAVAILABLE", "Nothing is lost: sync again once the server answers."];
const denied: Meaning = ["NO_PERMISSION", "Check user and password in the URL, and what pg_hba.conf lets in."];
const inTheWay: Meaning = ["LOCKED", "Another program is at work on the same tables. Try again when it has finished."];

/** What the codes of PostgreSQL (https://postgresql.org/docs/current/errcodes-appendix.html) and of Node mean. */
const known: Readonly<Record<string, Meaning>> = {
  "28P01": denied,
  "28000": denied,
  "3D000": ["NOT_FOUND", "Create the database first, or correct the URL."],
  "3F000": ["NOT_FOUND", "Create the schema first, or correct its name."],
  "42501": [
    "NO_PERMISSION",
    "The user needs the rights to create tables in the schema (or to create the schema), and temporary tables in the database.",
  ],
  "25006": ["NO_PERMISSION", "The server is read-only: name the primary server, not a replica."],
  "53100": ["NO_SPACE", "Make room on the server and sync again."],
  // Locks, deadlocks, and tables that two sessions make at once.
  "55P03": inTheWay,
  "40P01": inTheWay,
  "40001": inTheWay,
  "42P06": inTheWay,
  "42P07": inTheWay,
  "25P03": [
    "UNAVAILABLE",
    "This process was held up for longer than a lease, so the server ended the transaction. Sync again.",
  ],
  "57014": ["UNAVAILABLE", "A limit of the server, or somebody, ended the statement. Sync again."],
  ENOTFOUND: ["NOT_FOUND", "Correct the host in the URL."],
};

/**
 * What a value or a row is to blame for: limits of values, indexes and nesting (54), data that does not fit its type or the
 * database's encoding (22), and what somebody put onto the table: constraints (23), views with a check (44), and triggers
 * (09, 27, 38, 39, P0).
 */
const aboutRow = /^(54...|2[23]...|44000|09000|27000|3[89]...|P0...)$/;

const tooLong = "a key is longer than PostgreSQL's index can hold, or a value larger than it stores";

/** What an error says about one of the rows that are being stored; undefined for the place, the connection or a lock. */
export function refusalOf(thrown: unknown): string | undefined {
  const { code, routine } = (thrown ?? {}) as { readonly code?: unknown; readonly routine?: unknown };
  // A policy that refuses a row has the code of a missing right; the function that says so is another.
  if (routine !== "ExecWithCheckOptions" && !aboutRow.test(String(code))) return undefined;
  return code === "54000" ? `${clauseOf(thrown)}: ${tooLong}` : clauseOf(thrown);
}

/** Shutdown, start-up, too many connections; and the ways in which a network fails. */
const transient =
  /^(08...|57P0.|53[234]00|ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|E(HOST|NET)(UNREACH|DOWN))$/;
/** What the driver says without a code. */
const lost = /^(Connection terminated|timeout expired|Client has encountered a connection error|Client was closed)/;

/**
 * A driver's error as ours.
 *
 * @param doing what failed, as the beginning of a sentence: `Storing airflow_dags`
 */
export function toDestinationError(thrown: unknown, place: string, doing: string): DestinationError {
  if (thrown instanceof DestinationError) return thrown;
  const code = String((thrown as { code?: unknown } | undefined)?.code ?? "");
  const message = messageOf(thrown);
  const isTransient = transient.test(code) || lost.test(message);
  const [ours, advice] = known[code] ?? (isTransient ? unreachable : (["FAILED", ""] as const));
  return new DestinationError(
    ours,
    `${doing} in ${place} failed: ${message.replace(/[.!?]?$/, ".")} ${advice}`.trim(),
    {
      cause: thrown,
    },
  );
}

/** A host with several addresses fails with several errors, and no message of its own. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return [...new Set(thrown.errors.map(messageOf))].join("; ");
  return (thrown instanceof Error ? thrown.message : String(thrown)).trim();
}
