import { isRecord, type Redact, redactValue } from "@org/kit";
import type { Credentials } from "./auth.ts";
import { decodeDetail, describeDetail } from "./detail.ts";
import type { AirflowResponseError } from "./errors.ts";
import { type Answer, isTokenExpired, responseError, statusError, type Verdict } from "./response-error.ts";
import { tokenProblem } from "./token-problem.ts";

/** A rejected token. */
export interface RefusedToken {
  readonly kind: Credentials["kind"];
  /** Whether an earlier response from the same URL accepted it, or the token that it replaced. */
  readonly wasAccepted: boolean;
}

/**
 * The final error for a response that rejects the token, after any renewal.
 *
 * @param token undefined if none was sent
 */
export function credentialsError(answer: Answer, redact: Redact, token?: RefusedToken): AirflowResponseError {
  const said = describeDetail(redactValue(decodeDetail(answer.body), redact));
  const { code, text } = judge(token, isTokenExpired(answer));
  const answered = `answered ${answer.response.status}${said ? `: ${said}` : ""}. ${text}`;
  return responseError(answer, redact, { code, text: answered, auth: true });
}

const severalSecrets =
  "several API servers behind this URL sign with different secrets: give all of them the same [api_auth] jwt_secret";

function judge(token: RefusedToken | undefined, isExpired: boolean): Verdict {
  if (!token) {
    return {
      code: "UNAUTHENTICATED",
      text: "The server requires credentials: pass the client a token, or a user name and password.",
    };
  }
  const { kind, wasAccepted } = token;
  if (kind === "token" && isExpired) {
    return { code: "TOKEN_EXPIRED", text: "The token has expired: provide a new one." };
  }
  if (wasAccepted) {
    const otherwise = kind === "token" ? " If a single server's secret was changed, pass a new token." : "";
    const text = `Some responses from this URL accept the token, others reject it: ${severalSecrets}.${otherwise}`;
    return { code: "TOKEN_REFUSED", text };
  }
  if (kind === "token") {
    const text =
      "The server rejects the token: it is from another server, is truncated, or the server's signing secret " +
      `has changed. Provide a new one. Where it is accepted now and then, ${severalSecrets}.`;
    return { code: "TOKEN_REFUSED", text };
  }
  if (kind === "function") {
    return {
      code: "TOKEN_REFUSED",
      text: `The server rejected the token, and the new one from the auth function. If it is accepted at times, ${severalSecrets}.`,
    };
  }
  const text =
    `The server had just issued this token. Perhaps ${severalSecrets}. Or the clocks differ, or a proxy in ` +
    "front of it removes the Authorization header.";
  return { code: "TOKEN_REFUSED", text };
}

/** What was sent to the login. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The token in a login's response, or the error that the response stands for. */
export function loginToken(answer: Answer, redact: Redact, login: Login): string {
  const { response, body } = answer;
  if (response.status === 401) {
    const text = `answered 401: wrong user name or password.${blanksHint(login)}`;
    throw responseError(answer, redact, { code: "INVALID_CREDENTIALS", text, auth: true });
  }
  if (response.status === 404 || response.status === 405) {
    const text =
      `answered ${response.status}: no login is there. Check the URL; where the server's auth manager does not ` +
      "exchange passwords for tokens, pass the client a token.";
    throw responseError(answer, redact, { code: "NOT_AN_API", text });
  }
  if (!response.ok) throw statusError(answer, redact);
  // Even a wrong response may contain a token, under another name or truncated, so it is not included in any error.
  const hidden = { ...answer, body: "" };
  const json = parse(body);
  if (json === undefined && response.headers.get("content-type")?.includes("json")) {
    const text = `answered ${response.status} with truncated or garbled JSON.`;
    throw responseError(hidden, redact, { code: "INVALID_JSON", text, retryable: true });
  }
  if (isRecord(json) && typeof json.access_token === "string" && json.access_token) {
    const token = json.access_token.trim();
    const problem = tokenProblem(token);
    if (!problem) return token;
    const text = `answered ${response.status} with an access_token that cannot be sent: it ${problem}.`;
    throw responseError(hidden, redact, { code: "NOT_AN_API", text });
  }
  const type = response.headers.get("content-type")?.split(";")[0] || "no content type";
  const text = `answered ${response.status} with ${type}, without an access_token. Check the URL: this may not be Airflow's login.`;
  throw responseError(hidden, redact, { code: "NOT_AN_API", text });
}

/** Whitespace that secrets from files or forms often have at their ends, where it is easily overlooked. */
function blanksHint(login: Login): string {
  const hints = (["username", "password"] as const).flatMap((name) => {
    const [text, what] = [login[name], name === "username" ? "user name" : "password"];
    if (text === text.trim()) return [];
    const kind = /^[^\S\n\r]*[\n\r]|[\n\r][^\S\n\r]*$/.test(text) ? "a line break" : "a blank";
    const where = text === text.trimStart() ? "ends" : "begins";
    return `The ${what} ${where} with ${kind}: is that part of it?`;
  });
  return hints.map((hint) => ` ${hint}`).join("");
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
