import { isRecord, type Redact, redactBody, redactValue, retryAfterMs } from "@org/kit";
import { decodeDetail, describeDetail, withoutInput } from "./detail.ts";
import { AirflowAuthError, type AirflowErrorCode, AirflowResponseError } from "./errors.ts";
import { since } from "./generated/since.ts";

/** A call, for messages. */
export interface Call {
  readonly method: string;
  /** The path as the interface names it. */
  readonly path: string;
  /** The whole URL; errors show it without its query. */
  readonly url: string;
}

/** A response whose body was read. */
export interface Answer {
  readonly call: Call;
  readonly response: Response;
  readonly body: string;
  /** The body's length after decompression. */
  readonly bytes: number;
  /** Whether the body was UTF-8. */
  readonly isUtf8: boolean;
}

/** What a particular error says beyond the response itself. */
export interface Verdict {
  readonly code: AirflowErrorCode;
  /** Follows `GET http://host/path`: what happened, and what to do. */
  readonly text: string;
  readonly retryable?: boolean;
  readonly auth?: boolean;
}

const retryableStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
const bodyExcerptLength = 1000;

/** The typed error for a response: the only place that creates one, and that redacts it. */
export function responseError(answer: Answer, redact: Redact, verdict: Verdict): AirflowResponseError {
  const { call, response, body } = answer;
  const detail = redactValue(decodeDetail(body), redact);
  const init = {
    code: verdict.code,
    retryable: verdict.retryable ?? false,
    status: response.status,
    retryAfterMs: retryAfterMs(response.headers),
    detail,
    body: redactBody(body, redact, (json) => (isRecord(json) ? withoutInput(json) : json)).slice(0, bodyExcerptLength),
    ...redactValue(
      {
        method: call.method,
        path: call.path,
        url: withoutQuery(call.url),
        message: `${describeCall(call)} ${verdict.text}`,
      },
      redact,
    ),
  };
  return verdict.auth ? new AirflowAuthError(init) : new AirflowResponseError(init);
}

/** The error for an unsuccessful status. */
export function statusError(answer: Answer, redact: Redact): AirflowResponseError {
  const { response, body, call } = answer;
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    return responseError(answer, redact, { code: "REDIRECTED", text: redirectText(response, call) });
  }
  const said = describeDetail(redactValue(decodeDetail(body), redact)) || response.statusText;
  const { code, hint } = meaningOf(answer);
  const text = `answered ${response.status}${said ? `: ${said}` : ""}${hint ? ` (${hint})` : ""}`;
  return responseError(answer, redact, { code, text, retryable: retryableStatuses.has(response.status) });
}

/** The error for a response whose body is too long. */
export function tooLarge(
  answer: Pick<Answer, "call" | "response">,
  limit: number,
  redact: Redact,
): AirflowResponseError {
  const text =
    `answered ${answer.response.status} with more than ${limit} bytes (after decompression), and was not read any ` +
    "further. Lower limit, or raise maxResponseBytes.";
  return responseError({ ...answer, body: "", bytes: limit, isUtf8: true }, redact, {
    code: "RESPONSE_TOO_LARGE",
    text,
  });
}

/** `GET http://host/path`, without the query. */
export function describeCall(call: Call): string {
  return `${call.method} ${withoutQuery(call.url)}`;
}

/** Whether a response rejects the token: 401, or the 403 for a token with a bad signature. */
export function refusesToken({ response, body }: Answer): boolean {
  if (response.status === 401) return true;
  return response.status === 403 && decodeDetail(body) === "Invalid JWT token";
}

/** Whether a token is rejected only because it expired. */
export function isTokenExpired({ response, body }: Answer): boolean {
  return response.status === 401 && /expired/i.test(String(decodeDetail(body)));
}

/** The permissions that FAB, the auth manager with roles, requires. The first matching path counts. */
const readable = [
  ["/taskInstances", "DAGs, DAG Runs and Task Instances"],
  ["/dagVersions", "DAGs and DAG Versions"],
  ["/dagRuns", "DAGs and DAG Runs"],
  ["/dagStats", "DAGs and DAG Runs"],
  ["/eventLogs", "DAGs and Audit Logs"],
  ["/dags", "DAGs"],
] as const;

function permissionHint({ method, path }: Call): string {
  const lacking = "the user lacks a permission for this";
  const resources = readable.find(([part]) => path.includes(part))?.[1];
  const isRead = method === "GET" || path.endsWith("/list");
  return isRead && resources ? `${lacking}; with FAB's roles: can read on ${resources}` : lacking;
}

/** Without its index, an instance of a mapped task is not found, and the server does not say why. */
function mappedHint({ path, url }: Call): string | undefined {
  const isWithoutIndex = path.includes("/{map_index}") && /\/-1(\/|$)/.test(withoutQuery(url));
  return isWithoutIndex ? "if the task is mapped, give the mapIndex of one of its instances" : undefined;
}

function meaningOf({ call, response, body }: Answer): { code: AirflowErrorCode; hint?: string | undefined } {
  const { status } = response;
  // "Not found" or "forbidden" from a proxy says nothing about a row or a permission.
  if (status === 407 || ((status === 403 || status === 404) && !isOwn(body))) {
    return { code: "NOT_AN_API", hint: "this response is not from Airflow, but from a proxy or another server" };
  }
  const release = releaseOf(call);
  if (release && (hasNoRoute(status, body) || isTakenForId(call, status, body))) {
    return { code: "SERVER_TOO_OLD", hint: `available since Airflow ${release}, and this server is older` };
  }
  if (hasNoRoute(status, body) && withoutQuery(call.url).includes("%2F")) {
    return { code: "UNADDRESSABLE_ID", hint: "this server's routes do not match a slash in that id" };
  }
  if (status === 401) return { code: "UNAUTHENTICATED" };
  if (status === 403) return { code: "FORBIDDEN", hint: permissionHint(call) };
  if (status === 404) return { code: "NOT_FOUND", hint: mappedHint(call) };
  if (status === 409) return { code: "CONFLICT" };
  if (status === 429) return { code: "RATE_LIMITED" };
  return { code: status >= 500 || retryableStatuses.has(status) ? "SERVER_ERROR" : "INVALID_REQUEST" };
}

/** Whether a response comes from the router rather than an operation, which would say what it did not find. */
function hasNoRoute(status: number, body: string): boolean {
  return status === 405 || (status === 404 && (body.startsWith('{"error":') || decodeDetail(body) === "Not Found"));
}

/**
 * Whether an older route took the last word of the path for an id, as with `/connections/enqueue-test`. The one for
 * `/dags/bulk` rejects what every bulk operation requires.
 */
function isTakenForId({ path }: Call, status: number, body: string): boolean {
  if (status !== 404 && status !== 422) return false;
  if (body.includes('"extra_forbidden","loc":["body","actions"]')) return true;
  const word = path.split("/").at(-1) ?? "";
  return [`"${word}"`, `'${word}'`, `\`${word}\``].some((quoted) => body.includes(quoted));
}

/** The minor release that introduced an operation; undefined if all have it. */
function releaseOf({ method, path }: Call): string | undefined {
  return Object.keys(since).find((release) => since[release]?.includes(`${method} ${path}`));
}

/** Whether an error has the form that Airflow and its framework use. */
function isOwn(body: string): boolean {
  try {
    const json: unknown = JSON.parse(body);
    return isRecord(json) && ("detail" in json || "error" in json);
  } catch {
    return false;
  }
}

function redirectText(response: Response, call: Call): string {
  const target = URL.parse(response.headers.get("location") ?? "", call.url);
  if (!target) return "answered with a redirect, which is not followed: check the URL.";
  const from = new URL(call.url);
  const to = target.origin + target.pathname;
  const advice =
    target.host === from.host && target.protocol === "https:" && from.protocol === "http:"
      ? `use https://${target.host} as the URL`
      : "check the URL, and whether a proxy requires a login";
  return `was redirected to ${to}. Redirects are not followed, so that no credential goes to another server: ${advice}.`;
}

function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}
