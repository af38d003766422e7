import { DagsterNetworkError } from "./errors.ts";
import { type Redact, redactError } from "./redact.ts";

/**
 * Does work that has to end: within `timeoutMs`, and as soon as one of the signals aborts, even where the work itself
 * (an injected `fetch`, say) listens to neither.
 *
 * @throws The signal's reason, untouched; `timeout()` when time is up.
 */
export async function withDeadline<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  { signals, timeoutMs, timeout }: { signals: readonly AbortSignal[]; timeoutMs: number; timeout: () => Error },
): Promise<Result> {
  for (const signal of signals) signal.throwIfAborted();
  const controller = new AbortController();
  const stopped = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  const forwards = signals.map((signal) => [signal, () => controller.abort(signal.reason)] as const);
  for (const [signal, abort] of forwards) signal.addEventListener("abort", abort);
  const timer = setTimeout(() => controller.abort(timeout()), timeoutMs);
  try {
    return await Promise.race([work(controller.signal), stopped]);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    for (const [signal, abort] of forwards) signal.removeEventListener("abort", abort);
  }
}

/** Aborts as soon as one of the two does. */
export function eitherSignal(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other && one !== other ? AbortSignal.any([one, other]) : (one ?? other);
}

const lostConnection: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** Whether a connection ended before an answer began: what happens on one that the server closed while it was idle. */
export function isLostConnection(error: unknown): boolean {
  return lostConnection.has(codeOf(error));
}

const unknownIssuer: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
const wrongCertificate = /^(CERT_|ERR_TLS_)/;

const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens there: is Dagster's webserver running, and is this its port?",
  ENOTFOUND: "There is no such host: check the URL.",
  EAI_AGAIN: "The host name cannot be looked up: check the URL and the DNS.",
  Z_DATA_ERROR: "The answer is not compressed in the way that its header says: something in between garbles it.",
  ERR_SSL_WRONG_VERSION_NUMBER: "The server does not speak TLS there: try http:// instead of https://.",
};

/** The error of a request that no whole answer came to. */
export function toNetworkError(error: unknown, request: string, redact: Redact): DagsterNetworkError {
  const code = codeOf(error);
  const what = redact(rootOf(error)).trim();
  const isTls = unknownIssuer.has(code) || wrongCertificate.test(code);
  const advise = unknownIssuer.has(code)
    ? "The certificate is not signed by an authority that Node.js knows: set NODE_EXTRA_CA_CERTS to a file with its issuer's certificate."
    : (advice[code] ?? (isTls ? "The server's certificate does not fit: check the host name and its dates." : ""));
  return new DagsterNetworkError(`The Dagster ${request} got no answer: ${what}. ${advise}`.trimEnd(), {
    code: isTls ? "TLS" : "UNREACHABLE",
    retryable: !isTls && code !== "ERR_SSL_WRONG_VERSION_NUMBER",
    cause: redactError(error, redact),
  });
}

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return "";
}

/** fetch says "fetch failed"; the reason is at the end of its causes. */
function rootOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  // A host with several addresses fails with an AggregateError, whose message is empty.
  if (root instanceof AggregateError && root.message === "") return codeOf(root) || rootOf(root.errors[0]);
  return root instanceof Error ? root.message : String(root);
}
