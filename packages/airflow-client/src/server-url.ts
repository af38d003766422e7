import { AirflowError } from "./errors.ts";

/**
 * The URL below which `/api/v2` and `/auth` lie, without a trailing slash.
 *
 * @param given may be a path in a browser: `/airflow`
 * @throws AirflowError `INVALID_OPTIONS` for anything but an http or https URL, and for one with credentials, query or
 * fragment. The message never repeats credentials.
 */
export function parseServerUrl(given: string): string {
  const url = URL.parse(given, pageOrigin(given));
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    // user:password@host has no scheme either, so nothing with an @ is repeated.
    const shown = /[@?]/.test(given) ? "The URL" : `The URL ${JSON.stringify(given)}`;
    throw invalid(`${shown} must start with http:// or https://, for example http://localhost:8080.`);
  }
  if (url.username || url.password) {
    throw invalid(
      `The URL of ${url.host} contains a user name or password. URLs end up in logs, process lists and shell ` +
        "histories: pass them as auth: { username, password } instead.",
    );
  }
  if (url.search || url.hash) {
    throw invalid(`The URL ${url.origin}${url.pathname} must not have a query or fragment: remove it from ? or # on.`);
  }
  return (
    url.origin +
    url.pathname
      .replace(/\/+$/, "")
      .replace(/\/api\/v2$/, "")
      .replace(/\/+$/, "")
  );
}

/** In a browser, a path is one on the page's own server, such as a proxy's. */
function pageOrigin(given: string): string | undefined {
  const { location } = globalThis as { readonly location?: { readonly origin?: string } };
  return /^\/(?!\/)/.test(given) ? location?.origin : undefined;
}

function invalid(message: string): AirflowError {
  return new AirflowError({ code: "INVALID_OPTIONS", message });
}
