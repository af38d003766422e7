import { DagsterNetworkError } from "./errors.ts";
import { type Redact, redactError } from "./redact.ts";

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
