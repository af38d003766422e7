import { cut, isRecord, type Redact, redactBody, retryAfterMs } from "@org/kit";
import type { Credentials } from "./credentials.ts";
import { type DagsterErrorCode, type DagsterGraphQLError, DagsterResponseError } from "./errors.ts";
import { schemaVersion } from "./generated/operations.ts";
import { describeLacks, isKnownLack, lacksOf } from "./lacks.ts";
import { isRefused } from "./transport.ts";
import { firstPart } from "./unwrap.ts";

/** An HTTP response, read to its end. `data` and `errors` are undefined if its body was not a GraphQL response. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data?: unknown;
  readonly errors?: unknown;
}

/**
 * The data of a response, or an error that says whether a retry may help.
 *
 * Dagster's status codes do not say it. A query with a wrong variable is a 500 (1.13; a 400 before), and so is a
 * perfectly good response in which one union is a `PythonError`: that one is returned, for `unwrap` to judge. The body
 * therefore takes precedence over the status, and a response with `errors` is never reduced to its partial data.
 *
 * @param request what failed, for the message: `query RunsPage to http://…`
 */
export function readAnswer(
  answer: HttpAnswer,
  request: string,
  { redact, kind }: Pick<Credentials, "redact" | "kind">,
): object {
  const errors = readErrors(answer.errors, redact);
  const data = isRecord(answer.data) ? answer.data : undefined;
  if (data !== undefined && errors.length === 0) {
    const members = errorMembers(data);
    for (const member of members) redactMessages(member, redact);
    // A 500 without a visible error hides it in a member that the document did not select: not an empty result.
    const explained = answer.status === 500 && members.some((member) => member.__typename === "PythonError");
    if ((answer.status >= 200 && answer.status < 300) || explained) return data;
  }
  const [code, says, retryable] = isRefused(answer)
    ? refusal(answer, saidBy(answer, data, errors, redact), kind)
    : judge(answer, data, errors, redact);
  throw new DagsterResponseError({
    code,
    message: `The Dagster ${request} failed (HTTP ${answer.status}): ${says}`,
    retryable,
    retryAfterMs: retryAfterMs(answer.headers),
    status: answer.status,
    errors,
  });
}

type Verdict = readonly [code: DagsterErrorCode, says: string, retryable?: boolean];

function judge(answer: HttpAnswer, data: object | undefined, errors: DagsterGraphQLError[], redact: Redact): Verdict {
  const { status } = answer;
  const isGraphQL = errors.length > 0 || data !== undefined;
  const said = saidBy(answer, data, errors, redact);
  if (status === 429) return ["RATE_LIMITED", said, true];
  if (errors.length > 0) {
    if (status === 400 || (data === undefined && errors.every(isRefusal))) {
      const lacks = lacksOf(errors);
      const code = lacks.length > 0 && lacks.every(isKnownLack) ? "SERVER_TOO_OLD" : "INVALID_REQUEST";
      return [code, `${said}. ${hint(lacks)}`];
    }
    if (status < 300) return ["SERVER_ERROR", `only a part of the data arrived. ${said}`, true];
    return ["SERVER_ERROR", said, status >= 500];
  }
  // In browsers a redirect that is not followed has no status.
  if (status === 0 || (status >= 300 && status < 400)) return ["REDIRECTED", `${redirect(answer)} Give the final URL.`];
  if (status === 407) return ["NOT_AN_API", `${said}. A proxy answered, not Dagster.`];
  if (status === 404 || status === 405) {
    return ["WRONG_URL", `${said}. Is this the URL of Dagster's webserver?`];
  }
  if (status >= 500 || status === 408 || status === 425) {
    return ["SERVER_ERROR", isGraphQL ? "an error outside the result" : said, true];
  }
  if (status >= 400) return ["INVALID_REQUEST", said];
  // A page comes from another server and will again; a truncated response may be complete the next time.
  const isPage = answer.headers.get("content-type")?.includes("html");
  return [
    isPage ? "NOT_AN_API" : "INVALID_JSON",
    `not a complete GraphQL response: ${said}. Is this Dagster, or a page of a proxy?`,
    !isPage,
  ];
}

/** What a response with 401 or 403 says of the credentials. */
function refusal({ status }: HttpAnswer, said: string, kind: Credentials["kind"]): Verdict {
  if (kind === "none") return ["UNAUTHENTICATED", `${said}. Credentials are required: see \`auth\` and \`headers\`.`];
  if (status === 403) return ["FORBIDDEN", `${said}. These credentials do not permit it.`];
  if (kind === "headers") return ["INVALID_CREDENTIALS", `${said}. The credentials in \`headers\` were rejected.`];
  return ["TOKEN_REFUSED", `${said}. The token of \`auth\` was rejected.`];
}

/** What a response says, in its own words. */
function saidBy(answer: HttpAnswer, data: object | undefined, errors: DagsterGraphQLError[], redact: Redact): string {
  const isGraphQL = errors.length > 0 || data !== undefined;
  return isGraphQL ? errors.map((error) => error.message).join("; ") : excerpt(answer, redact);
}

/** Whether the server rejects the query itself, and always will. */
function isRefusal(error: DagsterGraphQLError): boolean {
  // The latter are times: milliseconds given for seconds.
  return /^(Variable '\$|Cannot query field|Unknown (argument|type|fragment|directive)|Value '\w+' does not exist|Syntax Error)|^year -?\d+ is out of range|Value too large for defined data type/.test(
    error.message,
  );
}

/** What is known without asking for the server's version; see `withVersion` for the rest. */
function hint(lacks: readonly string[]): string {
  const isOld = lacks.length > 0 && lacks.every(isKnownLack);
  if (!isOld) return "The query or its variables are wrong; a retry will not help.";
  return `This server's version lacks ${lacks.map(describeLacks).join(", ")}; this client targets Dagster ${schemaVersion}.`;
}

/**
 * The same error, which adds that the server is of another version than this client, if it is: what it does not know
 * may then be no mistake.
 *
 * @param versionOf asks the server; called only for an error that versions may explain
 */
export async function withVersion(error: unknown, versionOf: () => Promise<string | undefined>): Promise<unknown> {
  if (!(error instanceof DagsterResponseError) || error.code !== "INVALID_REQUEST") return error;
  if (lacksOf(error.errors).length === 0) return error;
  const version = await versionOf();
  if (version === undefined || version === schemaVersion) return error;
  const { code, status, errors, message } = error;
  const hint = `The server is Dagster ${version}, this client targets ${schemaVersion}.`;
  return new DagsterResponseError({ code, status, errors, message: `${message} ${hint}` });
}

function readErrors(errors: unknown, redact: Redact): DagsterGraphQLError[] {
  return [errors ?? []].flat().map((error: { message?: unknown; path?: unknown } | null) => ({
    message: firstPart(redact(typeof error?.message === "string" ? error.message : "an error without a message")),
    path: Array.isArray(error?.path) ? error.path : undefined,
  }));
}

/** Suffixes of Dagster's error types. */
const errorType = /(Error|Invalid|Failure|Conflict|NotFound|NotSupported)$/;

/** An object in a response, or a list in it. */
type Part = Record<string, unknown>;

/** Every object in a response whose type says that it is an error. */
function errorMembers(data: Part): Part[] {
  return partsOf(data).filter(({ __typename }) => typeof __typename === "string" && errorType.test(__typename));
}

/** An object and all objects in it, at any depth: not recursive, so the call stack does not overflow. */
function partsOf(value: Part): Part[] {
  const found = [value];
  // Also visits the ones added during the loop.
  for (const each of found) {
    for (const child of Object.values(each)) if (typeof child === "object" && child !== null) found.push(child as Part);
  }
  return found;
}

/** Redacts in place an error's message, and those of its causes. */
function redactMessages(value: Part, redact: Redact): void {
  for (const each of partsOf(value)) if (typeof each.message === "string") each.message = redact(each.message);
}

/** What to show of a body that is not a GraphQL response. */
function excerpt({ headers, text }: HttpAnswer, redact: Redact): string {
  const type = headers.get("content-type")?.split(";")[0] ?? "no content type";
  const title = /<title>([^<]*)/i.exec(text)?.[1];
  const words = redactBody(title ?? text, redact).replace(/\s+/g, " ");
  const shown = cut(words.trim(), 120);
  return `it answered ${redact(type)}${shown === "" ? " without a body" : `, ${JSON.stringify(shown)}`}`;
}

function redirect({ headers }: HttpAnswer): string {
  const location = headers.get("location");
  const target = URL.parse(location ?? "");
  return `it redirects${target ? ` to ${target.origin}` : ""}, and credentials do not travel to where a server points.`;
}
