/** TLS as libpq does it: which files it uses, and what it verifies of the server's certificate. */
import { readFile, stat } from "node:fs/promises";
import * as tls from "node:tls";
import { DestinationError } from "../errors.ts";
import { type Host, refused, type Settings } from "./settings.ts";

/** The options that the driver passes to `tls.connect`. */
export type TlsOptions = Pick<
  tls.ConnectionOptions,
  "secureContext" | "rejectUnauthorized" | "checkServerIdentity" | "servername"
>;

/**
 * If there is a file with authorities, the server's certificate is verified against it, whether requested or not, which
 * makes `require` the same as `verify-ca`. Only `verify-full` verifies the host's name.
 *
 * @throws DestinationError `NOT_FOUND` for a missing file, `TLS` for an invalid one
 */
export async function tlsOptions(settings: Settings, host: Host): Promise<TlsOptions> {
  const { sslMode, get } = settings;
  const ca = await authorities(settings);
  const isFull = sslMode === "verify-full";
  if (isFull && host.name === host.address && get("host") === undefined && get("hostaddr") !== undefined) {
    throw refused("sslmode=verify-full needs a host name in addition to hostaddr");
  }
  return {
    secureContext: await secureContext(settings, ca),
    rejectUnauthorized: ca !== undefined,
    checkServerIdentity: (_, certificate) => (isFull ? identity(host.name, certificate) : undefined),
    servername: /^[\d.]+$|:/.test(host.name) ? "" : host.name,
  };
}

/** The trusted authorities; undefined if nothing is verified. */
async function authorities({ sslMode, get, ownFile }: Settings): Promise<readonly string[] | undefined> {
  const named = get("sslrootcert");
  if (named === "system") return systemAuthorities();
  const file = named ?? ownFile("root.crt");
  const text = await ifThere("sslrootcert", file);
  if (text !== undefined) return [text];
  if (!sslMode.startsWith("verify-")) return undefined;
  throw new DestinationError(
    "NOT_FOUND",
    `The address of the PostgreSQL server: sslmode=${sslMode} needs the certificate of the authority that signed the ` +
      `server's. ${named ? "The file that sslrootcert names does not exist" : `There is no ${file}`}: name it in ` +
      "sslrootcert=FILE, or write sslrootcert=system for a public authority, or sslmode=require to encrypt without verification.",
  );
}

function systemAuthorities(): readonly string[] {
  // Node 22.13 and 22.14 cannot list them: Node's own list has to do.
  const found = tls.getCACertificates?.("system") ?? [];
  return found.length > 0 ? found : tls.rootCertificates;
}

async function secureContext(settings: Settings, ca: readonly string[] | undefined): Promise<tls.SecureContext> {
  const { get, ownFile } = settings;
  const client = get("sslcertmode") === "disable" ? {} : await clientCertificate(settings);
  const crlFile = get("sslcrl") ?? ownFile("root.crl");
  const crl = ca && (await ifThere("sslcrl", crlFile));
  const max = get("ssl_max_protocol_version") as tls.SecureVersion | undefined;
  try {
    return tls.createSecureContext({
      ...client,
      ...(ca && { ca: [...ca] }),
      ...(crl !== undefined && { crl }),
      minVersion: (get("ssl_min_protocol_version") as tls.SecureVersion | undefined) ?? "TLSv1.2",
      ...(max && { maxVersion: max }),
    });
  } catch (cause) {
    throw new DestinationError(
      "TLS",
      `The certificates for the PostgreSQL server cannot be used: ${(cause as Error).message}. Check the files that ` +
        "sslrootcert, sslcert, sslkey and sslcrl name (PEM, a key that belongs to its certificate), and sslpassword where " +
        "the key is encrypted.",
      { cause },
    );
  }
}

async function clientCertificate({ get, ownFile }: Settings): Promise<tls.SecureContextOptions> {
  const cert = await ifThere("sslcert", get("sslcert") ?? ownFile("postgresql.crt"));
  if (cert === undefined) return {};
  const file = get("sslkey") ?? ownFile("postgresql.key");
  const key = await ifThere("sslkey", file);
  if (key === undefined) {
    throw new DestinationError(
      "NOT_FOUND",
      "The address of the PostgreSQL server: there is a client certificate (sslcert), but not the file with its key. " +
        "Name it in sslkey=FILE.",
    );
  }
  const { mode, uid } = await stat(file);
  // As in libpq: 0640 is fine for a key owned by root.
  if (process.platform !== "win32" && (mode & (uid === 0 ? 0o037 : 0o077)) !== 0) {
    throw new DestinationError(
      "NO_PERMISSION",
      "The address of the PostgreSQL server: others may read the file in sslkey. Remove that permission: chmod 600.",
    );
  }
  const passphrase = get("sslpassword");
  return { cert, key, ...(passphrase !== undefined && { passphrase }) };
}

/** @returns undefined if there is no file */
async function ifThere(parameter: string, file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new DestinationError(
      "NO_PERMISSION",
      `The address of the PostgreSQL server: the file of ${parameter} cannot be read (${code}).`,
      { cause },
    );
  }
}

/** A certificate without alternative names may have an address as its common name, which Node ignores. */
function identity(host: string, certificate: tls.PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined && certificate.subject?.CN === host) return undefined;
  return tls.checkServerIdentity(host, certificate);
}
