import { BlockList, isIP, isIPv4 } from "node:net";
import { domainToASCII } from "node:url";

/** Which servers bypass the proxy. */
export interface Exceptions {
  has(url: URL): boolean;
  /** The positions, counted from 1, of entries in no known form. */
  readonly malformed: readonly number[];
}

type Rule = (host: string, port: number) => boolean;

/**
 * Parses `NO_PROXY` as curl and Go do. Entries are separated by commas or spaces: a host (with its subdomains), `.host`
 * and `*.host` (its subdomains), an IP address, a range of addresses such as `10.0.0.0/8`, or `*`. A host or an address
 * may have a port. Names are not resolved to check them against ranges.
 */
export function exceptionsOf(text: string): Exceptions {
  const entries = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "");
  const rules = entries.map(ruleOf);
  return {
    has({ hostname, port, protocol }) {
      const host = hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
      const number = Number(port) || (protocol === "https:" ? 443 : 80);
      return rules.some((rule) => rule?.(host, number));
    },
    malformed: rules.flatMap((rule, index) => (rule ? [] : [index + 1])),
  };
}

/** Undefined for an entry in none of the forms. */
function ruleOf(entry: string): Rule | undefined {
  if (entry === "*") return () => true;
  const [, base = entry, length] = /^(.*)\/(\d+)$/.exec(entry) ?? [];
  // None of an IPv6 address's colons starts a port: with a port it is written in brackets.
  const [, inBrackets] = /^\[(.*)\](?::\d+)?$/.exec(base) ?? [];
  const port = isIP(base) ? undefined : /:(\d+)$/.exec(base)?.[1];
  const host = inBrackets ?? (port === undefined ? base : base.slice(0, -port.length - 1));
  if (port !== undefined && (length !== undefined || Number(port) < 1 || Number(port) > 65_535)) return undefined;
  if (inBrackets !== undefined && isIP(inBrackets) !== 6) return undefined;
  const own = isIP(host) ? addressRule(host, length) : length === undefined ? hostRule(host) : undefined;
  return own && ((asked, at) => (port === undefined || Number(port) === at) && own(asked));
}

function addressRule(address: string, length: string | undefined): ((host: string) => boolean) | undefined {
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  const bits = family === "ipv4" ? 32 : 128;
  if (Number(length ?? bits) > bits) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(length ?? bits), family);
  // An IPv4 address is in ::ffff:0:0/96, and so in every wider range; but ::/0 is meant for IPv6.
  const isMixed = family === "ipv4" || Number(length ?? bits) >= 96;
  return (host) => isIP(host) !== 0 && (isIPv4(host) ? isMixed && list.check(host, "ipv4") : list.check(host, "ipv6"));
}

function hostRule(text: string): ((host: string) => boolean) | undefined {
  const [, wildcard = "", given = ""] = /^(\*?\.)?([^*]*)$/.exec(text.replace(/\.$/, "")) ?? [];
  // Characters that end a host in a URL would be dropped silently.
  const name = /[/?#@\\]/.test(given) ? "" : domainToASCII(given);
  // "10.1" and the like are abbreviated addresses, which programs interpret differently.
  const isName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name) && !/^[\d.]+$/.test(given) && isIP(name) === 0;
  if (!isName) return undefined;
  return (host) => host.endsWith(`.${name}`) || (wildcard !== "*." && host === name);
}
