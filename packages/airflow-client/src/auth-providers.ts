import type { AirflowAuth } from "./auth.ts";
import { AirflowError } from "./errors.ts";
import type { FetchFunction } from "./transport.ts";

/** An API token of Astronomer's Astro (of a deployment, a workspace or an organization), sent unchanged. */
export function astroAuth(apiToken: string): AirflowAuth {
  return { token: apiToken };
}

/**
 * Google Cloud Composer: Google access tokens, renewed when the server rejects the last one (they last about an hour).
 *
 * @param getAccessToken such as `() => googleAuth.getAccessToken()` of google-auth-library, with the scope
 * `https://www.googleapis.com/auth/cloud-platform`
 */
export function composerAuth(
  getAccessToken: () => string | null | undefined | Promise<string | null | undefined>,
): AirflowAuth {
  return async () => {
    const token = await getAccessToken();
    if (token) return token;
    throw failed("Google returned no access token: are there credentials with the scope cloud-platform?");
  };
}

/** The response of Amazon's `CreateWebLoginToken`. */
export interface MwaaWebLoginToken {
  readonly WebServerHostname?: string | undefined;
  /** Valid for 60 seconds. */
  readonly WebToken?: string | undefined;
}

/** Options of {@link mwaaAuth}. */
export interface MwaaAuthOptions {
  /** Sends the login. @default the global fetch */
  readonly fetch?: FetchFunction | undefined;
}

/**
 * Amazon MWAA with Airflow 3: exchanges a web login token at the environment's `/pluginsv2/aws_mwaa/login` for an API
 * token, again whenever the API rejects it. The client's URL is `https://` and the environment's
 * `WebServerHostname`. Written from Amazon's documentation, and tested only against a simulator. Not for browsers,
 * which hide the cookie that contains the token from programs.
 *
 * @param createWebLoginToken such as `() => mwaa.send(new CreateWebLoginTokenCommand({ Name: "my-environment" }))` of
 * `@aws-sdk/client-mwaa`
 */
export function mwaaAuth(
  createWebLoginToken: () => Promise<MwaaWebLoginToken>,
  { fetch = globalThis.fetch }: MwaaAuthOptions = {},
): AirflowAuth {
  return async ({ signal }) => {
    const { WebServerHostname: host, WebToken: webToken } = await createWebLoginToken();
    if (!host || !webToken) throw failed("CreateWebLoginToken returned no WebServerHostname, or no WebToken.");
    const address = `https://${host}/pluginsv2/aws_mwaa/login`;
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ token: webToken }).toString(),
      redirect: "manual",
      signal,
    }).catch((error: Error) => {
      signal.throwIfAborted();
      throw failed(`POST ${address} got no response: ${error.message}.`, true);
    });
    await response.body?.cancel();
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0] ?? "");
    const token = cookies.find((cookie) => cookie.startsWith("_token="))?.slice("_token=".length);
    if (response.status < 400 && token) return decodeURIComponent(token);
    const advice =
      "Check that the environment runs Airflow 3, and that this identity has the permission airflow:CreateWebLoginToken.";
    throw failed(
      `POST ${address} answered ${response.status} without the cookie _token. ${advice}`,
      response.status >= 500,
    );
  };
}

function failed(message: string, retryable = false): AirflowError {
  return new AirflowError({ code: "AUTH_FAILED", message, retryable });
}
