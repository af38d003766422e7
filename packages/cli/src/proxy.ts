/**
 * Fetches through the environment's proxy, or a source's own. Node's own fetch supports proxies from 22.21 and 24.0 on,
 * and only if told at startup; undici, on which it is built, does in every version that we support.
 */
import { readFileSync, statSync } from "node:fs";
import * as tls from "node:tls";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { exceptionsOf } from "./no-proxy.ts";

type Fetch = typeof globalThis.fetch;

/** Never proxied, unless the environment names its own exceptions. */
const ownMachine = "localhost,127.0.0.0/8,[::1]";

export interface FetchOptions {
  /** The proxy for all servers, instead of the environment's. */
  readonly proxy?: string | undefined;
  /** A PEM file with certificate authorities to trust in addition to the usual ones. */
  readonly caFile?: string | undefined;
  /** The host (with its port) whose certificate is not verified. @default none */
  readonly unverifiedHost?: string | undefined;
  /** Where these were configured, for messages. */
  readonly label?: string;
  /** Receives notices for the user at once. */
  readonly onNotice?: (message: string) => void;
}

/**
 * Creates a fetch that uses the proxy of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (or the same in lower case), or of
 * the options; undefined if no proxy is named and nothing else is needed. Its errors say which proxy failed, without
 * the credentials in its URL.
 *
 * @throws UsageError if a proxy's URL is invalid, or the file cannot be read.
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
      // Proxies allow tunnels to port 443, rarely to others, so plain HTTP is forwarded without a tunnel.
      const common = { proxyTunnel: false, noProxy: "", ...trust };
      return {
        direct: new EnvHttpProxyAgent({ ...common, httpProxy: "", httpsProxy: "" }),
        proxied: new EnvHttpProxyAgent({ ...common, httpProxy, httpsProxy }),
      };
    };
    const usual = agents(ca ? { ca } : {});
    const unverified = agents({ rejectUnauthorized: false });
    // By type, the package's classes differ from Node's own.
    const send = fetch as unknown as (input: unknown, init: object) => Promise<Response>;
    return (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const isUnverified = url.host === unverifiedHost;
      const dispatcher = (isUnverified ? unverified : usual)[exceptions.has(url) ? "direct" : "proxied"];
      // Other hosts' certificates count, so redirects to them are not followed.
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

/**
 * @param options.isNamed whether it must look like a URL, since it may be a secret in the wrong place, and would be
 * shown
 */
function proxyAddress(text: string, label: string, { isNamed = false } = {}): string {
  // curl, and with it most environments, accepts proxies without a scheme.
  const hasScheme = /^[a-z0-9]+:\/\//i.test(text);
  const url = URL.parse(hasScheme ? text : `http://${text}`);
  if (url && /^https?:$/.test(url.protocol) && (hasScheme || url.port !== "" || !isNamed)) return url.href;
  throw new UsageError(`${label} is not a usable proxy URL: write it as in http://proxy.example.com:3128.`);
}

/** The authorities in a file and the default ones: a list replaces Node's own. */
function trusted(caFile: string, label: string): string[] {
  try {
    // Reading a pipe would block the whole process.
    if (!statSync(caFile).isFile()) throw new TypeError();
    // Missing in Node 22.13; then those of NODE_EXTRA_CA_CERTS are not included.
    return [...(tls.getCACertificates?.("default") ?? tls.rootCertificates), readFileSync(caFile, "utf8")];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${label}.caFile: the file cannot be read (${code ?? "not a file"}).`);
  }
}

/** A proxy's response instead of a tunnel, returned as the response. */
function refusal(error: unknown, proxies: readonly URL[], origin: string): Response | undefined {
  const [, code] = /^Proxy \D*\((\d{3})\)/.exec(rootOf(error).message) ?? [];
  const status = Number(code);
  if (!(status >= 400)) return undefined;
  const advice = status === 407 ? ": it requires a user name and a password, as in http://user:password@host:port" : "";
  const text = `The proxy ${named(proxies)} ${origin} rejects requests${advice}.`;
  return new Response(text, { status, headers: { "content-type": "text/plain" } });
}

/** The error for an unreachable proxy. With the original codes it would be blamed on the server. */
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

/** URLs without credentials. */
function named(proxies: readonly URL[]): string {
  return [...new Set(proxies.map(({ origin }) => origin))].join(" or ");
}
