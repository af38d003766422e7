import type { AirflowClient } from "./client.ts";
import { isRecord } from "./detail.ts";
import { AirflowError, type AirflowErrorCode, AirflowResponseError } from "./errors.ts";
import type { CallOptions } from "./operations.ts";

/** What a check finds. */
export interface ServerInfo {
  /** Airflow's version, such as `3.3.2`. */
  readonly version: string;
  readonly gitVersion: string | null;
  /** How many DAGs that are not stale these credentials can see. */
  readonly dags: number;
}

/**
 * Finds out whether a client's server is an Airflow 3 that can be read: asks for its version without credentials, then
 * lists one DAG with them.
 *
 * @throws AirflowError Says what is wrong and what to do: that nothing listens, `NOT_AIRFLOW`, `AIRFLOW_2`,
 * `WRONG_BASE_URL`, or what is wrong with the credentials.
 */
export async function checkServer(client: AirflowClient, options: CallOptions = {}): Promise<ServerInfo> {
  const found = await askVersion(client, "/api/v2/version", options);
  if ("error" in found) throw await explain(client, found.error, options);
  // Only now: credentials go to no server that is not known to be Airflow.
  const { data } = await client.GET("/api/v2/dags", { params: { query: { limit: 1 } }, ...options });
  return { version: found.version, gitVersion: found.gitVersion, dags: data.total_entries };
}

type Found = { readonly version: string; readonly gitVersion: string | null };

/** The version that a server of either major release tells, without credentials. */
async function askVersion(
  client: AirflowClient,
  address: string,
  options: CallOptions,
): Promise<Found | { readonly error: AirflowError }> {
  try {
    const { data } = await client.request("GET", address, { ...options, anonymous: true });
    if (isRecord(data) && typeof data.version === "string") {
      return { version: data.version, gitVersion: typeof data.git_version === "string" ? data.git_version : null };
    }
    const message = `${client.baseUrl}${address} answered without a version.`;
    return { error: new AirflowError({ code: "NOT_AIRFLOW", message }) };
  } catch (error) {
    if (error instanceof AirflowError) return { error };
    throw error;
  }
}

/** Why the version could not be had. */
async function explain(client: AirflowClient, cause: AirflowError, options: CallOptions): Promise<AirflowError> {
  // No answer, a struggling server, or a redirect with its own advice: that error says it best.
  if (cause.retryable || cause.code === "REDIRECTED") return cause;
  if (!(cause instanceof AirflowResponseError) && cause.code !== "NOT_AIRFLOW") return cause;

  const { baseUrl } = client;
  const old = await askVersion(client, "/api/v1/version", options);
  if (!("error" in old)) {
    const message = `${baseUrl} is Airflow ${old.version}, which has only /api/v1. This client needs Airflow 3.`;
    return problem("AIRFLOW_2", message, cause);
  }
  const { origin } = new URL(baseUrl);
  if (baseUrl !== origin) {
    const above = await askVersion(client, `${origin}/api/v2/version`, options);
    if (!("error" in above)) {
      const message = `Airflow ${above.version} is at ${origin}, not at ${baseUrl}: use ${origin} as the base URL.`;
      return problem("WRONG_BASE_URL", message, cause);
    }
  }
  const message =
    `What answers at ${baseUrl} is not Airflow 3: ${cause.message} ` +
    "Check host and port; where Airflow is served under a path, the path belongs to the base URL.";
  return problem("NOT_AIRFLOW", message, cause);
}

function problem(code: AirflowErrorCode, message: string, cause: AirflowError): AirflowError {
  return new AirflowError({ code, message, cause });
}
