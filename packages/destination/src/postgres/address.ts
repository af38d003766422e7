/**
 * Parses a PostgreSQL connection string as libpq does, which accepts more than a URL may contain: several hosts, socket
 * folders.
 */
import { DestinationError } from "../errors.ts";
import { checkParameters } from "./known-parameters.ts";

export interface Address {
  /**
   * By libpq's names: `host`, `port`, `dbname`, `user`, `password`, `sslmode` … Hosts and ports are comma-separated
   * lists.
   */
  readonly parameters: ReadonlyMap<string, string>;
  /** The part that may be shown: hosts and database, without user and password. */
  readonly place: string;
}

/**
 * @throws DestinationError `NOT_A_DESTINATION` for anything else. The message repeats nothing, since there may be a
 * password in it. It names what is wrong, and what to write instead.
 */
export function parseAddress(url: string): Address {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/is.exec(url) ?? [];
  if (rest === undefined) {
    throw refused(
      "is not a URL like postgresql://user:password@host:5432/database. Special characters in user and password must be " +
        "percent-encoded",
    );
  }
  const [, userInfo, place = "", query] = /^(?:([^@/]*)@)?([^?]*)(?:\?(.*))?$/s.exec(rest) ?? [];
  const slash = place.indexOf("/");
  const hosts = slash < 0 ? place : place.slice(0, slash);
  const path = slash < 0 ? "" : place.slice(slash);
  // Otherwise half a password would be taken for host or database.
  if (rest.includes("#") || place.includes("@") || /^[^=]*@/.test(query ?? "")) {
    throw refused(
      "has special characters in its user or password: percent-encode them (# as %23, ? as %3F, / as %2F, @ as %40)",
    );
  }
  const parameters = new Map<string, string>();
  const [user = "", ...password] = (userInfo ?? "").split(":");
  if (user !== "") parameters.set("user", decoded(user));
  if (password.length > 0) parameters.set("password", decoded(password.join(":")));
  addHosts(parameters, hosts);
  if (path.length > 1) parameters.set("dbname", decoded(path.slice(1)));
  for (const pair of (query ?? "").split("&").filter((each) => each !== "")) {
    const mark = pair.indexOf("=");
    if (mark < 0) throw refused("has a parameter without a value after its ?. Write name=value");
    parameters.set(decoded(pair.slice(0, mark)), decoded(pair.slice(mark + 1)));
  }
  const known = checkParameters(parameters);
  return { parameters: known, place: `postgresql://${shownHosts(known)}${path || shownDatabase(known)}` };
}

function addHosts(parameters: Map<string, string>, text: string): void {
  if (text === "") return;
  const parts = text.split(",").map((part) => {
    const [, ipv6, name = "", port = ""] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(part) ?? [];
    if (ipv6 === undefined && name === "" && part !== "" && !part.startsWith(":")) {
      throw refused("has an invalid host. Write host:port, or several of them separated by commas");
    }
    return { host: decoded(ipv6 ?? name), port };
  });
  const hosts = parts.map(({ host }) => host).join(",");
  const ports = parts.map(({ port }) => port).join(",");
  if (hosts !== "") parameters.set("host", hosts);
  if (ports !== "") parameters.set("port", ports);
}

function shownHosts(parameters: ReadonlyMap<string, string>): string {
  const hosts = (parameters.get("host") || parameters.get("hostaddr") || "").split(",");
  const ports = (parameters.get("port") ?? "").split(",");
  return hosts
    .map((host, index) => {
      const name = host.startsWith("/") ? encodeURIComponent(host) : host.includes(":") ? `[${host}]` : host;
      const port = ports.length === 1 ? ports[0] : ports[index];
      return port ? `${name}:${port}` : name;
    })
    .join(",");
}

function shownDatabase(parameters: ReadonlyMap<string, string>): string {
  const name = parameters.get("dbname");
  return name === undefined ? "" : `/${encodeURIComponent(name)}`;
}

/** As libpq does: a plus is a plus. */
function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text);
    if (!plain.includes("\0")) return plain;
  } catch {
    // The % is not followed by two hex digits, or the bytes are not UTF-8.
  }
  throw refused("has an invalid % escape: write a percent sign as %25, and percent-encode other special characters");
}

/** @param reason what is wrong, as the end of a sentence */
function refused(reason: string): DestinationError {
  return new DestinationError("NOT_A_DESTINATION", `The address of the PostgreSQL server ${reason}.`);
}
