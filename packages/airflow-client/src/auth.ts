import { createSharedToken, type Redact, redactError } from "@org/kit";
import { AirflowError, AirflowNetworkError } from "./errors.ts";
import { tokenProblem } from "./token-problem.ts";

/** The argument of a token function. */
export interface AirflowAuthContext {
  /** The token that the server rejected, if this call is to replace it. */
  readonly refused: string | undefined;
  /** Aborts when the token is no longer needed. */
  readonly signal: AbortSignal;
}

/**
 * How to authenticate. `token`: sent unchanged (a long-lived token, or one from elsewhere). `username` and `password`:
 * exchanged for a token at `/auth/token`, again whenever the server rejects it. A function: called when a token is
 * first needed, and again whenever the server rejects the last one; it need not cache, nor guard against parallel
 * calls. Undefined: for servers without authentication (`simple_auth_manager_all_admins`), or if `headers` contain what
 * is needed.
 */
export type AirflowAuth =
  | { readonly token: string }
  | { readonly username: string; readonly password: string }
  | ((context: AirflowAuthContext) => string | Promise<string>);

/** What every kind of auth provides. */
export interface Credentials {
  readonly kind: "token" | "password" | "function";
  /** The token to send. Waits for the first one, until the signal aborts. */
  current(signal: AbortSignal): Promise<string>;
  /**
   * A token other than the rejected one, or undefined if there is no way to get one. Parallel calls share one renewal.
   */
  renew(refused: string, signal: AbortSignal): Promise<string | undefined>;
}

/** What the credentials need from their client. */
export interface CredentialsOptions {
  readonly redact: Redact;
  /** Receives every secret to redact from then on. Of renewed tokens only the latest are kept. */
  remember(secret: string, kind: "lasting" | "renewed"): void;
  /** The timeout for getting one token, in milliseconds. */
  readonly timeoutMs: number;
  /** The client's own signal. */
  readonly signal: AbortSignal | undefined;
  /** Exchanges a username and password for a token. */
  login(username: string, password: string, signal: AbortSignal): Promise<string>;
}

/** @throws AirflowError `INVALID_OPTIONS` for an empty token, username or password. */
export function createCredentials(auth: AirflowAuth, options: CredentialsOptions): Credentials {
  if (typeof auth === "function") {
    return renewable("function", options, (context) => callTokenFunction(auth, context, options.redact));
  }
  if ("token" in auth) {
    const token = auth.token?.trim();
    if (!token) throw invalid("auth.token is empty: pass the token, or leave auth out if the server needs none.");
    if (/\s/.test(token)) throw invalid('auth.token contains a space: pass only the token, without "Bearer".');
    const problem = tokenProblem(token);
    if (problem) throw invalid(`auth.token ${problem}.`);
    options.remember(token, "lasting");
    return { kind: "token", current: async () => token, renew: async () => undefined };
  }
  const { username, password } = auth;
  if (!username || !password) throw invalid("auth needs both username and password, and neither may be empty.");
  options.remember(password, "lasting");
  return renewable("password", options, ({ signal }) => options.login(username, password, signal));
}

function renewable(
  kind: Credentials["kind"],
  options: CredentialsOptions,
  get: (context: AirflowAuthContext) => string | Promise<string>,
): Credentials {
  const { timeoutMs, signal } = options;
  const timeout = () => tokenTimeout(kind, timeoutMs);
  const onToken = (token: string) => options.remember(token, "renewed");
  return { kind, ...createSharedToken({ get, timeoutMs, signal, timeout, onToken }) };
}

/** The error for a call that timed out before there was a token. */
export function tokenTimeout(kind: Credentials["kind"], timeoutMs: number): AirflowNetworkError {
  const slow = kind === "password" ? "the login" : "the auth function";
  const message = `Got no token within ${timeoutMs} ms: ${slow} took too long.`;
  return new AirflowNetworkError({ code: "TIMEOUT", message, retryable: true });
}

async function callTokenFunction(
  auth: (context: AirflowAuthContext) => string | Promise<string>,
  context: AirflowAuthContext,
  redact: Redact,
): Promise<string> {
  let token: string;
  try {
    token = await auth(context);
  } catch (error) {
    context.signal.throwIfAborted();
    const { retryable } = (error ?? {}) as { retryable?: unknown };
    throw new AirflowError({
      code: "AUTH_FAILED",
      message: redact(`The auth function failed: ${error instanceof Error ? error.message : "no error given"}`),
      retryable: retryable === true,
      cause: redactError(error, redact),
    });
  }
  const trimmed = typeof token === "string" ? token.trim() : "";
  const problem = tokenProblem(trimmed);
  if (!problem) return trimmed;
  const message = trimmed
    ? `The auth function returned an invalid token: it ${problem}.`
    : "The auth function returned no token: it must return a non-empty string.";
  throw new AirflowError({ code: "AUTH_FAILED", message });
}

function invalid(message: string): AirflowError {
  return new AirflowError({ code: "INVALID_OPTIONS", message });
}
