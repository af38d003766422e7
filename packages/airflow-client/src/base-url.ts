import { AirflowError } from "./errors.ts";

/**
 * The URL below which `/api/v2` and `/auth` lie, without a trailing slash.
 *
 * @throws AirflowError `INVALID_OPTIONS` for anything but an http or https URL, and for one with credentials, query or
 * fragment. The message never repeats credentials.
 */
export function parseBaseUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    // user:password@host has no scheme either, so nothing with an @ is repeated.
    const given =
      baseUrl.includes("@") || baseUrl.includes("?") ? "The base URL" : `The base URL ${JSON.stringify(baseUrl)}`;
    throw invalid(`${given} must start with http:// or https://, for example http://localhost:8080.`);
  }
  if (url.username || url.password) {
    throw invalid(
      `The base URL of ${url.host} contains a user name or password. URLs end up in logs, process lists and shell ` +
        "histories: pass them as auth: { username, password } instead.",
    );
  }
  if (url.search || url.hash) {
    throw invalid(
      `The base URL ${url.origin}${url.pathname} must not have a query or fragment: remove it from ? or # on.`,
    );
  }
  return (
    url.origin +
    url.pathname
      .replace(/\/+$/, "")
      .replace(/\/api\/v2$/, "")
      .replace(/\/+$/, "")
  );
}

function invalid(message: string): AirflowError {
  return new AirflowError({ code: "INVALID_OPTIONS", message });
}
