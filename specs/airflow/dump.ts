import { stripProse } from "../strip-prose.ts";

/**
 * The interface of a running Airflow server, as the text that is committed as `specs/airflow/<version>.json`.
 *
 * @param url Base URL of the server, with `/auth` for its auth manager's interface. The document is open: no token is
 * needed.
 * @throws When the server does not answer with an OpenAPI document.
 */
export async function dumpAirflowSpec(url: string): Promise<string> {
  const address = new URL("openapi.json", url.endsWith("/") ? url : `${url}/`);
  const response = await fetch(address, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${address} answered ${response.status}, not an OpenAPI document`);
  return stripProse((await response.json()) as Parameters<typeof stripProse>[0]);
}
