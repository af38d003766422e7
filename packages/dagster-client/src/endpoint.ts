import { invalid } from "./client-options.ts";

/**
 * The URL that requests are sent to: the given URL, with `/graphql` appended unless its path ends with that.
 *
 * @throws DagsterError `INVALID_OPTIONS`: no scheme, a scheme other than http(s), credentials, a query or a fragment.
 */
export function resolveEndpoint(url: string | URL): string {
  const given = absolute(String(url).trim());
  if (!/^https?:\/\//i.test(given)) {
    throw invalid(`the URL ${JSON.stringify(withoutCredentials(given))} has no scheme: write http://… or https://…`);
  }
  const parsed = URL.parse(given);
  if (!parsed) throw invalid(`${JSON.stringify(withoutCredentials(given))} is not a URL`);
  if (parsed.username || parsed.password) {
    throw invalid(
      "the URL contains credentials, which would end up in logs, errors and shell histories: pass them as `auth` or `headers`",
    );
  }
  if (parsed.search || parsed.hash) {
    throw invalid(
      `the URL has a query or a fragment: pass only ${parsed.origin}${parsed.pathname}, credentials as \`auth\``,
    );
  }
  // Dagster answers /graphql/ with 405.
  const path = parsed.pathname.replace(/\/+$/, "");
  return `${parsed.origin}${path.endsWith("/graphql") ? path : `${path}/graphql`}`;
}

/** In a browser, a path is one of the page's own origin, where a proxy may serve Dagster. */
function absolute(url: string): string {
  const page = (globalThis as { readonly location?: { readonly origin?: unknown } }).location;
  return /^\/(?!\/)/.test(url) && typeof page?.origin === "string" ? page.origin + url : url;
}

/** The part of an invalid URL that may be shown. */
function withoutCredentials(given: string): string {
  return given.replace(/^.*@/s, "").replace(/[?#].*$/, "");
}
