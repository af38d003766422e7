/** The client's secrets: its headers and its token. They go into requests, and into nothing else. */
import {
  checkHeaders,
  createRedact,
  createSharedToken,
  longestHeader,
  type Redact,
  redactError,
  type SharedToken,
  secretsIn,
} from "@org/kit";
import {
  type DagsterAuth,
  type DagsterAuthContext,
  type DagsterClientOptions,
  defaults,
  invalid,
} from "./client-options.ts";
import { DagsterError, DagsterNetworkError } from "./errors.ts";

/** The number of secrets from an `auth` function's earlier tokens that are still redacted. */
const mostRecent = 64;

export interface Credentials {
  /** How the client authenticates, if at all. */
  readonly kind: "token" | "function" | "headers" | "none";
  readonly redact: Redact;
  /** The headers of `headers` and `auth`. */
  headers(signal: AbortSignal): Promise<Headers>;
  /** The same with another token; undefined if there is no other. @param refused the headers that were rejected */
  renewed(refused: Headers, signal: AbortSignal): Promise<Headers | undefined>;
}

/**
 * @param options.timeoutMs the timeout for getting one token
 * @throws DagsterError `INVALID_OPTIONS`
 */
export function createCredentials(
  options: Pick<DagsterClientOptions, "auth" | "tokenHeader" | "headers" | "signal">,
  timeoutMs: number,
): Credentials {
  const { auth, tokenHeader = defaults.tokenHeader } = options;
  const fixed = checkHeaders(options.headers, invalid);
  const lasting = secretsIn(fixed);
  let recent: readonly string[] = [];
  const redact = createRedact(() => [...lasting, ...recent]);
  const prefix = /^authorization$/i.test(tokenHeader) ? "Bearer " : "";
  const withToken = (token: string) => {
    const headers = new Headers(fixed);
    headers.set(tokenHeader, prefix + token);
    return headers;
  };
  const secretsOf = (token: string) => secretsIn(new Headers({ [tokenHeader]: prefix + token }));
  const tokenIn = (headers: Headers) => (headers.get(tokenHeader) ?? "").slice(prefix.length);
  if (auth === undefined) {
    const kind = [...fixed].length > 0 ? "headers" : "none";
    return { kind, redact, headers: async () => fixed, renewed: async () => undefined };
  }
  checkHeaders({ [tokenHeader]: "x" }, () => invalid("`tokenHeader` is not the name of a header"));
  if (typeof auth === "object") {
    const token = typeof auth.token === "string" ? auth.token.trim() : "";
    const problem = token === "" ? "is empty: was the environment variable set?" : problemOf(token);
    if (problem) throw invalid(`\`auth.token\` ${problem}`);
    lasting.push(...secretsOf(token));
    return { kind: "token", redact, headers: async () => withToken(token), renewed: async () => undefined };
  }
  const shared: SharedToken = createSharedToken({
    get: (context) => callAuth(auth, context, redact),
    timeoutMs,
    signal: options.signal,
    onToken(token) {
      recent = [...new Set([...recent, ...secretsOf(token)])].slice(-mostRecent);
    },
    timeout() {
      const message = `The Dagster request was not sent: its \`auth\` function took over ${timeoutMs} ms.`;
      return new DagsterNetworkError({ code: "TIMEOUT", message, retryable: true });
    },
  });
  return {
    kind: "function",
    redact,
    headers: async (signal) => withToken(await shared.current(signal)),
    async renewed(refused, signal) {
      const token = tokenIn(refused);
      const next = await shared.renew(token, signal);
      return next === token ? undefined : withToken(next);
    },
  };
}

async function callAuth(
  auth: Extract<DagsterAuth, (...rest: never) => unknown>,
  context: DagsterAuthContext,
  redact: Redact,
): Promise<string> {
  let token: string;
  try {
    token = await auth(context);
  } catch (error) {
    context.signal.throwIfAborted();
    const retryable = (error as { retryable?: unknown } | null)?.retryable === true;
    const cause = redactError(error, redact);
    throw failed(`failed: ${cause.message}`, { retryable, cause });
  }
  const problem = typeof token === "string" ? problemOf(token) : `is no text, but ${typeof token}`;
  if (problem) throw failed(`returned a token that ${problem}.`);
  return token;
}

function failed(what: string, rest: { readonly retryable?: boolean; readonly cause?: unknown } = {}): DagsterError {
  const message = `The Dagster request was not sent: the \`auth\` function ${what}`;
  return new DagsterError({ code: "AUTH_FAILED", message, ...rest });
}

/** Why a text cannot be sent as a token; undefined if it can. The text is not repeated. */
function problemOf(token: string): string | undefined {
  if (token === "") return "is empty";
  if (!/^[\x21-\x7e]+$/.test(token)) return "has characters that no token has";
  return token.length > longestHeader ? `is longer than ${longestHeader} characters` : undefined;
}
