/**
 * Through the proxy of the environment. Node's own fetch looks at it from 22.21 and 24.0 on, and only when it was told to
 * at its start; undici, which that fetch is made of, does in every version that we support.
 */
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";

type Fetch = typeof globalThis.fetch;

/** These are never meant, unless the environment names its own exceptions. */
const ownMachine = "localhost,127.0.0.1,[::1]";

/**
 * A fetch through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (or the same in lower case) name; undefined
 * where they name none. Its errors say which proxy failed, without the credentials in its address.
 *
 * @throws UsageError when a variable is no address of a proxy.
 */
export function proxiedFetch(env: Io["env"]): Fetch | undefined {
  const httpProxy = proxyAddress(env, "http_proxy");
  const httpsProxy = proxyAddress(env, "https_proxy");
  const proxies = [httpProxy, httpsProxy].filter((proxy) => proxy !== "").map((proxy) => new URL(proxy));
  if (proxies.length === 0) return undefined;
  const noProxy = env.no_proxy || env.NO_PROXY || ownMachine;
  let through: Promise<Fetch> | undefined;

  async function start(): Promise<Fetch> {
    const { EnvHttpProxyAgent, fetch } = await import("undici");
    // Proxies let tunnels through to port 443, rarely to others: what is not encrypted is forwarded.
    const dispatcher = new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, proxyTunnel: false });
    // By their types, the classes of the package and those of Node itself are not the same.
    const proxied = fetch as unknown as (input: unknown, init: object) => Promise<Response>;
    return (input, init) => proxied(input, { ...init, dispatcher });
  }

  return async (input, init) => {
    through ??= start();
    const send = await through;
    try {
      return await send(input, init);
    } catch (error) {
      const refused = refusal(error, proxies);
      if (refused) return refused;
      throw unreachable(error, proxies) ?? error;
    }
  };
}

function proxyAddress(env: Io["env"], name: string): string {
  const text = env[name] || env[name.toUpperCase()] || "";
  if (text === "") return "";
  // curl, and with it most environments, knows proxies without a scheme.
  const url = URL.parse(/^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`);
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  throw new UsageError(
    `${name.toUpperCase()} is no address of a proxy that can be used: write it as in http://proxy.example.com:3128.`,
  );
}

/** What a proxy answered in place of opening a tunnel, as the answer that it is. */
function refusal(error: unknown, proxies: readonly URL[]): Response | undefined {
  const [, code] = /^Proxy \D*\((\d{3})\)/.exec(rootOf(error).message) ?? [];
  const status = Number(code);
  if (!(status >= 400)) return undefined;
  const advice = status === 407 ? ": it wants a user name and a password, as in http://user:password@host:port" : "";
  const text = `The proxy ${named(proxies)} of the environment lets nothing through${advice}.`;
  return new Response(text, { status, headers: { "content-type": "text/plain" } });
}

/** The error for a proxy that cannot be reached: the same codes would mean the server otherwise. */
function unreachable(error: unknown, proxies: readonly URL[]): Error | undefined {
  const root: Error & { readonly hostname?: string; readonly port?: number } = rootOf(error);
  const failed = proxies.filter(({ hostname, port, protocol }) => {
    if (root.hostname !== undefined) return root.hostname === hostname;
    return root.port === (Number(port) || (protocol === "https:" ? 443 : 80));
  });
  if (failed.length === 0) return undefined;
  const cause = new Error(`the proxy ${named(failed)} of the environment cannot be reached: ${root.message}`);
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
