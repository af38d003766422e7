import { cut, isRecord, type Redact, redactBody, retryAfterMs } from "@org/kit";
import { type DagsterErrorCode, type DagsterGraphQLError, DagsterResponseError } from "./errors.ts";
import { schemaVersion } from "./generated/operations.ts";
import { describeLacks, isKnownLack, lacksOf } from "./lacks.ts";
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
export function readAnswer(answer: HttpAnswer, request: string, redact: Redact): object {
  const errors = readErrors(answer.errors, redact);
  const data = isRecord(answer.data) ? answer.data : undefined;
  if (data !== undefined && errors.length === 0) {
    const members = errorMembers(data);
    for (const member of members) redactMessages(member, redact);
    // A 500 without a visible error hides it in a member that the document did not select: not an empty result.
    const explained = answer.status === 500 && members.some((member) => member.__typename === "PythonError");
    if ((answer.status >= 200 && answer.status < 300) || explained) return data;
  }
  const [code, says, retryable] = judge(answer, data, errors, redact);
  throw new DagsterResponseError(`The Dagster ${request} failed (HTTP ${answer.status}): ${says}`, {
    code,
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
  const said = isGraphQL ? errors.map((error) => error.message).join("; ") : excerpt(answer, redact);
  if (isRefused(answer)) {
    return ["UNAUTHORIZED", `${said}. The credentials are missing or wrong: see \`auth\`.`];
  }
  if (status === 429) return ["RATE_LIMITED", said, true];
  if (errors.length > 0) {
    if (status === 400 || (data === undefined && errors.every(isRefusal))) {
      const lacks = lacksOf(errors);
      const code = lacks.length > 0 && lacks.every(isKnownLack) ? "UNSUPPORTED" : "REFUSED";
      return [code, `${said}. ${hint(lacks)}`];
    }
    if (status < 300) return ["INVALID_ANSWER", `only a part of the data arrived. ${said}`, true];
    return ["SERVER_FAILED", said, status >= 500];
  }
  // In browsers a redirect that is not followed has no status.
  if (status === 0 || (status >= 300 && status < 400)) return ["NOT_FOUND", `${redirect(answer)} Give the final URL.`];
  if (status === 407) return ["NOT_FOUND", `${said}. A proxy answered, not Dagster.`];
  if (status === 404 || status === 405) {
    return ["NOT_FOUND", `${said}. Is this the URL of Dagster's webserver?`];
  }
  if (status >= 500 || status === 408 || status === 425) {
    return ["SERVER_FAILED", isGraphQL ? "an error outside the result" : said, true];
  }
  if (status >= 400) return ["REFUSED", said];
  // A page comes from another server and will again; a truncated response may be complete the next time.
  const isPage = answer.headers.get("content-type")?.includes("html");
  return [
    "INVALID_ANSWER",
    `not a complete GraphQL response: ${said}. Is this Dagster, or a page of a proxy?`,
    !isPage,
  ];
}

/** Whether a response rejects the credentials. */
export function isRefused({ status }: HttpAnswer): boolean {
  return status === 401 || status === 403;
}

/** Whether the server rejects the query itself, and always will. */
function isRefusal(error: DagsterGraphQLError): boolean {
  return /^(Variable '\$|Cannot query field|Unknown (argument|type|fragment|directive)|Value '\w+' does not exist|Syntax Error)/.test(
    error.message,
  );
}

function hint(lacks: readonly string[]): string {
  if (lacks.length === 0) return "The query or its variables are wrong; a retry will not help.";
  const made = `this client targets Dagster ${schemaVersion}`;
  return `This server's version lacks ${lacks.map(describeLacks).join(", ")}; ${made}.`;
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
