import { type AirflowErrorCode, AirflowNetworkError } from "./errors.ts";

interface Kind {
  readonly code: AirflowErrorCode;
  /** What happened, and what to do. */
  readonly text: string;
  readonly retryable: boolean;
}

const refused: Kind = {
  code: "CONNECTION_REFUSED",
  text: "nothing listens there. Is the Airflow API server running, and is this its address?",
  retryable: true,
};
const lost: Kind = {
  code: "CONNECTION_LOST",
  text: "the connection broke before the answer was complete",
  retryable: true,
};
const unreachable: Kind = { code: "HOST_UNREACHABLE", text: "no network route leads there", retryable: true };
const garbled: Kind = {
  code: "CONNECTION_LOST",
  text: "the answer is not compressed in the way that its header says. Something in between garbles it",
  retryable: true,
};
const slow: Kind = { code: "TIMEOUT", text: "the server did not answer in time", retryable: true };
const unknownHost: Kind = {
  code: "HOST_NOT_FOUND",
  text: "the host name was not found. Check its spelling and the DNS",
  retryable: true,
};
const untrusted: Kind = {
  code: "TLS_UNTRUSTED",
  text:
    "no authority that this process trusts has signed the server's certificate. Put the certificate of your authority " +
    "into a PEM file and start the process with NODE_EXTRA_CA_CERTS=/path/to/file.pem",
  retryable: false,
};
const certificate = (text: string): Kind => ({ code: "TLS_FAILED", text, retryable: false });
const notTls = certificate("the port does not speak TLS. Try http:// instead of https://");

/** By the code that the runtime's fetch gives the cause of its TypeError. */
const kinds: Readonly<Record<string, Kind>> = {
  ECONNREFUSED: refused,
  ConnectionRefused: refused,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ECONNRESET: lost,
  EPIPE: lost,
  UND_ERR_SOCKET: lost,
  ERR_STREAM_PREMATURE_CLOSE: lost,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: lost,
  Z_BUF_ERROR: lost,
  Z_DATA_ERROR: garbled,
  ETIMEDOUT: slow,
  UND_ERR_CONNECT_TIMEOUT: slow,
  UND_ERR_HEADERS_TIMEOUT: slow,
  UND_ERR_BODY_TIMEOUT: slow,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: certificate("the server's certificate has expired"),
  CERT_NOT_YET_VALID: certificate("the server's certificate is not valid yet. Is this machine's clock right?"),
  ERR_TLS_CERT_ALTNAME_INVALID: certificate("the server's certificate is for another host name"),
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  EPROTO: certificate("the TLS handshake failed"),
};

/**
 * A rejection of fetch, or of reading a body, as a typed error.
 *
 * @param call What was tried, for the message: `GET http://host/api/v2/dags`.
 * @param redactedCause The same rejection without secrets.
 */
export function networkError(call: string, error: unknown, redactedCause: unknown): AirflowNetworkError {
  const codes = codesOf(error);
  const kind = codes.map((code) => kinds[code]).find((kind) => kind !== undefined) ?? otherKind(codes, redactedCause);
  const code = codes[0] ? ` (${codes[0]})` : "";
  return new AirflowNetworkError({ ...kind, message: `${call} failed: ${kind.text}${code}.`, cause: redactedCause });
}

function otherKind(codes: readonly string[], redactedCause: unknown): Kind {
  // An HTTP parser that stumbles met something that is no HTTP server, or TLS where none was asked for.
  if (codes.some((code) => code.startsWith("HPE_")) || hasName(redactedCause, "HTTPParserError")) {
    return {
      code: "NETWORK_FAILED",
      text: "what answers there is no HTTP server, or wants https://",
      retryable: false,
    };
  }
  const reason = innermostMessage(redactedCause);
  if (reason === "bad port") {
    const text = "fetch refuses this port, which belongs to another protocol (bad port)";
    return { code: "NETWORK_FAILED", text, retryable: false };
  }
  return { code: "NETWORK_FAILED", text: reason || "the request could not be made", retryable: true };
}

function hasName(error: unknown, name: string): boolean {
  return error instanceof Error && (error.name === name || hasName(error.cause, name));
}

function innermostMessage(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return innermostMessage(error.cause) || error.message;
}

/** The error for a call that was not complete in time. */
export function timeoutError(call: string, timeoutMs: number): AirflowNetworkError {
  return new AirflowNetworkError({
    code: "TIMEOUT",
    message: `${call} was not complete after ${timeoutMs} ms. Try a smaller page (limit), or allow more time with timeoutMs.`,
    retryable: true,
  });
}

/** The codes along a chain of causes; a host with several addresses fails with one error for each. */
function codesOf(error: unknown, depth = 0): string[] {
  if (depth > 5 || typeof error !== "object" || error === null) return [];
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  const own = typeof code === "string" ? [code] : [];
  const inner = Array.isArray(errors) ? errors.flatMap((inner) => codesOf(inner, depth + 1)) : [];
  return [...own, ...inner, ...codesOf(cause, depth + 1)];
}
