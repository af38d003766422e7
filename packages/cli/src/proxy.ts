/**
 * Through the proxy of the environment, or a source's own. Node's own fetch looks at it from 22.21 and 24.0 on, and only
 * when it was told to at its start; undici, which that fetch is made of, does in every version that we support.
 */
import { readFileSync, statSync } from "node:fs";
import * as tls from "node:tls";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { exceptionsOf } from "./no-proxy.ts";

type Fetch = typeof globalThis.fetch;

/** These are never meant, unless the environment names its own exceptions. */
const ownMachine = "localhost,127.0.0.0/8,[::1]";

export interface FetchOptions {
  /** The proxy for all servers, in place of the environment's. */
  readonly proxy?: string | undefined;
  /** A PEM file with certificate authorities that are trusted besides the usual ones. */
  readonly caFile?: string | undefined;
  /** The host (with its port) whose certificate is not checked. @default none */
  readonly unverifiedHost?: string | undefined;
  /** Where these stand, for messages. */
  readonly label?: string;
  /** Told what a person should know, at once. */
  readonly onNotice?: (message: string) => void;
}

/**
 * A fetch through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (or the same in lower case) name, or the
 * options; undefined where none is named and nothing else is asked for. Its errors say which proxy failed, without the
 * credentials in its address.
 *
 * @throws UsageError when a proxy's address is none, or the file cannot be read.
 */
export function proxiedFetch(env: Io["env"], options: FetchOptions = {}): Fetch | undefined {
  const { proxy, caFile, unverifiedHost, label = "", onNotice } = options;
  const own = proxy === undefined ? undefined : proxyAddress(proxy, `${label}: proxy`, { isNamed: true });
  const httpProxy = own ?? environmentProxy(env, "http_proxy");
  const httpsProxy = own ?? environmentProxy(env, "https_proxy");
  const proxies = [httpProxy, httpsProxy].filter((proxy) => proxy !== "").map((proxy) => new URL(proxy));
  if (proxies.length === 0 && caFile === undefined && unverifiedHost === undefined) return undefined;
  const exceptions = exceptionsOf(own === undefined ? env.no_proxy || env.NO_PROXY || ownMachine : "");
  if (proxies.length > 0) {
    for (const index of exceptions.malformed) {
      onNotice?.(`NO_PROXY: entry ${index} is not a host, an address or a range such as 10.0.0.0/8, and is ignored.`);
    }
  }
  const ca = caFile === undefined ? undefined : trusted(caFile, label);
  const origin = own === undefined ? "from the environment" : "from the source";
  let through: Promise<Fetch> | undefined;

  async function start(): Promise<Fetch> {
    const { EnvHttpProxyAgent, fetch } = await import("undici");
    const agents = (server: object) => {
      const trust = { connect: server, requestTls: server, ...(ca && { proxyTls: { ca } }) };
      // Proxies let tunnels through to port 443, rarely to others: what is not encrypted is forwarded.
      const common = { proxyTunnel: false, noProxy: "", ...trust };
      return {
        direct: new EnvHttpProxyAgent({ ...common, httpProxy: "", httpsProxy: "" }),
        proxied: new EnvHttpProxyAgent({ ...common, httpProxy, httpsProxy }),
      };
    };
    const usual = agents(ca ? { ca } : {});
    const unverified = agents({ rejectUnauthorized: false });
    // By their types, the classes of the package and those of Node itself are not the same.
    const send = fetch as unknown as (input: unknown, init: object) => Promise<Response>;
    return (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const isUnverified = url.host === unverifiedHost;
      const dispatcher = (isUnverified ? unverified : usual)[exceptions.has(url) ? "direct" : "proxied"];
      // Elsewhere a certificate counts, so nothing leads there from here.
      return send(input, { ...init, dispatcher, ...(isUnverified && { redirect: "manual" }) });
    };
  }

  return async (input, init) => {
    through ??= start();
    const send = await through;
    try {
      return await send(input, init);
    } catch (error) {
      const refused = refusal(error, proxies, origin);
      if (refused) return refused;
      throw unreachable(error, proxies, origin) ?? error;
    }
  };
}

function environmentProxy(env: Io["env"], name: string): string {
  const text = env[name] || env[name.toUpperCase()] || "";
  return text === "" ? "" : proxyAddress(text, name.toUpperCase());
}

/** @param options.isNamed whether it must look like one, since it may be a secret in the wrong place, and will be told */
function proxyAddress(text: string, label: string, { isNamed = false } = {}): string {
  // curl, and with it most environments, knows proxies without a scheme.
  const hasScheme = /^[a-z0-9]+:\/\//i.test(text);
  const url = URL.parse(hasScheme ? text : `http://${text}`);
  if (url && /^https?:$/.test(url.protocol) && (hasScheme || url.port !== "" || !isNamed)) return url.href;
  throw new UsageError(`${label} is not a usable proxy URL: write it as in http://proxy.example.com:3128.`);
}

/** The authorities in a file, and those that are trusted without it: giving a list replaces Node's own. */
function trusted(caFile: string, label: string): string[] {
  try {
    // Reading a pipe would hold the whole process.
    if (!statSync(caFile).isFile()) throw new TypeError();
    // Node 22.13 does not have it yet, and then those of NODE_EXTRA_CA_CERTS are not among them.
    return [...(tls.getCACertificates?.("default") ?? tls.rootCertificates), readFileSync(caFile, "utf8")];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${label}.caFile: the file cannot be read (${code ?? "not a file"}).`);
  }
}

/** What a proxy answered in place of opening a tunnel, as the answer that it is. */
function refusal(error: unknown, proxies: readonly URL[], origin: string): Response | undefined {
  const [, code] = /^Proxy \D*\((\d{3})\)/.exec(rootOf(error).message) ?? [];
  const status = Number(code);
  if (!(status >= 400)) return undefined;
  const advice = status === 407 ? ": it requires a user name and a password, as in http://user:password@host:port" : "";
  const text = `The proxy ${named(proxies)} ${origin} rejects requests${advice}.`;
  return new Response(text, { status, headers: { "content-type": "text/plain" } });
}

/** The error for a proxy that cannot be reached: the same codes would mean the server otherwise. */
function unreachable(error: unknown, proxies: readonly URL[], origin: string): Error | undefined {
  const root: Error & { readonly hostname?: string; readonly port?: number } = rootOf(error);
  const failed = proxies.filter(({ hostname, port, protocol }) => {
    if (root.hostname !== undefined) return root.hostname === hostname;
    return root.port === (Number(port) || (protocol === "https:" ? 443 : 80));
  });
  if (failed.length === 0) return undefined;
  const cause = new Error(`the proxy ${named(failed)} ${origin} is unreachable: ${root.message}`);
  return new TypeError("fetch failed", { cause });
}

/** The first error: fetch says "fetch failed", and a host with several addresses fails with one error for each. */
function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof AggregateError) return rootOf(error.errors[0]);
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}

/** Addresses without credentials. */
function named(proxies: readonly URL[]): string {
  return [...new Set(proxies.map(({ origin }) => origin))].join(" or ");
}
