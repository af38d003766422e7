import { BlockList, isIP, isIPv4 } from "node:net";
import { domainToASCII } from "node:url";

/** Which servers are asked without a proxy. */
export interface Exceptions {
  has(url: URL): boolean;
  /** The entries, counted from 1, that are none of the forms that are known. */
  readonly malformed: readonly number[];
}

type Rule = (host: string, port: number) => boolean;

/**
 * Reads what `NO_PROXY` says, as curl and Go do: entries between commas or blanks, each a host (with all below it), `.host`
 * and `*.host` (all below it), an address, a range of addresses such as `10.0.0.0/8`, or `*`; a host or an address may end
 * with a port. Names are not looked up to find out whether they are in a range.
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

/** Undefined for what has none of the forms. */
function ruleOf(entry: string): Rule | undefined {
  if (entry === "*") return () => true;
  const [, base = entry, length] = /^(.*)\/(\d+)$/.exec(entry) ?? [];
  // Of the colons of an address of IPv6 none begins a port: for that it stands in brackets.
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
  // An address of IPv4 lies in ::ffff:0:0/96, and so in all that is wider: who writes ::/0 means IPv6.
  const isMixed = family === "ipv4" || Number(length ?? bits) >= 96;
  return (host) => isIP(host) !== 0 && (isIPv4(host) ? isMixed && list.check(host, "ipv4") : list.check(host, "ipv6"));
}

function hostRule(text: string): ((host: string) => boolean) | undefined {
  const [, wildcard = "", given = ""] = /^(\*?\.)?([^*]*)$/.exec(text.replace(/\.$/, "")) ?? [];
  // What ends a host in a URL would be left off without a word.
  const name = /[/?#@\\]/.test(given) ? "" : domainToASCII(given);
  // "10.1" and the like are beginnings of addresses, which no two programs understand alike.
  const isName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name) && !/^[\d.]+$/.test(given) && isIP(name) === 0;
  if (!isName) return undefined;
  return (host) => host.endsWith(`.${name}`) || (wildcard !== "*." && host === name);
}
