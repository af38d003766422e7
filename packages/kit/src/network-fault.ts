/** What prevented a response. */
export type NetworkFaultCode =
  | "CONNECTION_REFUSED"
  | "CONNECTION_LOST"
  | "HOST_NOT_FOUND"
  | "HOST_UNREACHABLE"
  | "TIMEOUT"
  /** The certificate is not signed by an authority that this process trusts. */
  | "TLS_UNTRUSTED"
  /** Something else is wrong with TLS. */
  | "TLS_FAILED"
  | "NETWORK_FAILED";

/** The meaning of a rejection of fetch, or of reading a body. Not redacted yet. */
export interface NetworkFault {
  readonly code: NetworkFaultCode;
  /** The first code of the system or the runtime along the chain of causes: `ECONNREFUSED`. */
  readonly systemCode: string | undefined;
  /** The message at the end of the causes: fetch itself says "fetch failed" only. */
  readonly said: string;
  /** What happened, if known: the beginning of a sentence in lower case. */
  readonly what: string | undefined;
  /** What to do, in lower case. */
  readonly advice: string | undefined;
  /** Whether a retry may succeed. */
  readonly retryable: boolean;
}

type Row = readonly [sign: RegExp, NetworkFaultCode, what: string, advice?: string];

/** Matched against what runtimes and systems put into the causes of fetch's rejections. The first match counts. */
const rows = (server: string): readonly Row[] => [
  [
    /ECONNREFUSED|ConnectionRefused/,
    "CONNECTION_REFUSED",
    "nothing listens at that address",
    `is ${server} running, and is this its address?`,
  ],
  [/ECONN(RESET|ABORTED)|EPIPE|ERR_SOCKET|PREMATURE|MISMATCH|Z_BUF/, "CONNECTION_LOST", "the connection broke"],
  [/Z_DATA/, "CONNECTION_LOST", "the response is not compressed as its header says", "a proxy may have garbled it"],
  [/ENOTFOUND|EAI_/, "HOST_NOT_FOUND", "unknown host", "check the URL and DNS"],
  [/UNREACH/, "HOST_UNREACHABLE", "no route to the host"],
  [/TIMED?OUT/, "TIMEOUT", "the server did not respond in time"],
  [
    /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|UNTRUSTED/,
    "TLS_UNTRUSTED",
    "the server's certificate is not signed by a trusted authority",
    "set NODE_EXTRA_CA_CERTS=/path/to/authority.pem",
  ],
  [
    /CERT_/,
    "TLS_FAILED",
    "the server's certificate was rejected",
    "check its host name and dates, and this machine's clock",
  ],
  [/WRONG_VERSION|PACKET_LENGTH/, "TLS_FAILED", "the port does not speak TLS", "try http:// instead of https://"],
  [/EPROTO/, "TLS_FAILED", "the TLS handshake failed"],
  // If the parser fails, the server does not speak HTTP, or speaks TLS unexpectedly.
  [/HPE_|HTTPParser/, "NETWORK_FAILED", "the server does not speak HTTP, or requires https://"],
  [/bad port/, "NETWORK_FAILED", "fetch does not allow this port (bad port)"],
  [
    /NO_REASON/,
    "NETWORK_FAILED",
    "fetch rejected the response without a reason, as with status 407",
    "a proxy may require a password",
  ],
];

/**
 * Explains a rejection of fetch.
 *
 * @param server the expected server, for the advice: `the Airflow API server`
 */
export function networkFault(error: unknown, server: string): NetworkFault {
  const chain = chainOf(error);
  const codes = chain.map(({ code }) => code).filter((code) => typeof code === "string");
  const said = String(chain.findLast(({ message }) => message)?.message ?? error);
  // Only one message is conclusive: others may quote anything.
  const noReason = chain.at(-1)?.message === "" && "NO_REASON";
  const signs = [...codes, ...chain.map(({ name }) => name), said === "bad port" && said, noReason].join();
  const [, code, what, advice] = rows(server).find(([sign]) => sign.test(signs)) ?? [];
  const retryable = !what || !/^(TLS|NET)/.test(code ?? "");
  return { code: code ?? "NETWORK_FAILED", systemCode: codes[0], said, what, advice, retryable };
}

interface Link {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** An error and its causes; a host with several addresses fails with one error for each. */
function chainOf(error: unknown, depth = 0): Link[] {
  if (depth > 5 || typeof error !== "object" || error === null) return [];
  const { cause, errors } = error as Link;
  return [error, ...[errors, cause].flat().flatMap((inner) => chainOf(inner, depth + 1))];
}
