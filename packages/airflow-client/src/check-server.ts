import { isRecord } from "@org/kit";
import type { AirflowClient } from "./client.ts";
import { AirflowError, type AirflowErrorCode, AirflowResponseError } from "./errors.ts";
import { isCount, kindOf, unexpected } from "./expect.ts";
import type { AirflowCallOptions } from "./operations.ts";

/** The result of a check. */
export interface AirflowServerInfo {
  /** Airflow's version, such as `3.3.2`. */
  readonly version: string;
  readonly gitVersion: string | null;
  /** How many DAGs these credentials can see, stale ones excluded. */
  readonly dags: number;
}

/**
 * Checks that a client's server is a readable Airflow 3: requests its version without credentials, then lists one DAG
 * with them.
 *
 * @throws AirflowError Says what is wrong and what to do: the server is unreachable, `NOT_AIRFLOW`, `AIRFLOW_2`,
 * `WRONG_URL`, or the credentials are wrong.
 */
export async function checkServer(client: AirflowClient, options: AirflowCallOptions = {}): Promise<AirflowServerInfo> {
  const found = await askVersion(client, "/api/v2/version", options);
  if ("error" in found) throw await explain(client, found.error, options);
  // Only now: credentials go to no server that is not known to be Airflow.
  const { data } = await client.GET("/api/v2/dags", { params: { query: { limit: 1 } }, ...options });
  const { total_entries: dags } = data;
  if (!isCount(dags)) throw unexpected("GET /api/v2/dags", `total_entries that ${kindOf(dags)}`);
  return { version: found.version, gitVersion: found.gitVersion, dags };
}

/** The version that servers of either major release report without credentials. */
async function askVersion(
  client: AirflowClient,
  address: string,
  options: AirflowCallOptions & { readonly bare?: boolean },
): Promise<Pick<AirflowServerInfo, "version" | "gitVersion"> | { readonly error: AirflowError }> {
  try {
    const { data } = await client.request("GET", address, { ...options, anonymous: true });
    if (isRecord(data) && typeof data.version === "string") {
      return { version: data.version, gitVersion: typeof data.git_version === "string" ? data.git_version : null };
    }
    const message = `${address.startsWith("/") ? client.url : ""}${address} responded without a version.`;
    return { error: new AirflowError({ code: "NOT_AIRFLOW", message }) };
  } catch (error) {
    if (error instanceof AirflowError) return { error };
    throw error;
  }
}

/** Explains why the version is unavailable. */
async function explain(client: AirflowClient, cause: AirflowError, options: AirflowCallOptions): Promise<AirflowError> {
  // No response, a struggling server, or a redirect with its own advice: that error is the best explanation.
  if (cause.retryable || cause.code === "REDIRECTED") return cause;
  if (!(cause instanceof AirflowResponseError) && cause.code !== "NOT_AIRFLOW") return cause;

  const { url } = client;
  const old = await askVersion(client, "/api/v1/version", options);
  const found = "error" in old ? await findAbove(client, options) : { at: url, version: old.version, isOld: true };
  if (found?.isOld) {
    const message = `${found.at} is Airflow ${found.version}, which has only /api/v1. This client needs Airflow 3.`;
    return problem("AIRFLOW_2", message, cause);
  }
  if (found) {
    const { at, version } = found;
    const use = found.isPage ? `use ${at} as the URL.` : "if that is the right server, use its URL as the URL.";
    return problem("WRONG_URL", `Airflow ${version} is at ${at}, not at ${url}: ${use}`, cause);
  }
  const message =
    `The server at ${url} is not Airflow 3: ${cause.message} ` +
    "Check host and port. If Airflow is served under a path, the URL must include it.";
  return problem("NOT_AIRFLOW", message, cause);
}

/** The first path segments of Airflow's pages, and of its API, below its URL. */
const pages: ReadonlySet<string> = new Set(
  (
    "api auth asset assets backfills configs connections dag_runs dags datasets docs events home import_errors jobs list " +
    "login plugin plugins pools providers redoc required_actions security task_instances ui users variables xcoms"
  ).split(" "),
);

/** An Airflow of either major release. */
interface Found {
  readonly at: string;
  readonly version: string;
  readonly isOld: boolean;
  /** Whether the rest of the URL's path is one of its pages. */
  readonly isPage?: boolean;
}

/**
 * The nearest Airflow above the URL, in case that is the URL of a page. If a candidate does not respond properly
 * now, the search stops: anything further up is another server.
 */
async function findAbove(client: AirflowClient, options: AirflowCallOptions): Promise<Found | undefined> {
  const { origin, pathname } = new URL(client.url);
  const segments = pathname.split("/").filter((segment) => segment !== "");
  for (let length = segments.length - 1; length >= 0; length -= 1) {
    const at = [origin, ...segments.slice(0, length)].join("/");
    const found = await findVersion(client, at, options);
    if (found === undefined) return undefined;
    if (found !== "elsewhere") return { ...found, isPage: pages.has(segments[length] ?? "") };
  }
  return undefined;
}

/** @returns "elsewhere" if the server there is not an Airflow, undefined if unknown */
async function findVersion(
  client: AirflowClient,
  at: string,
  options: AirflowCallOptions,
): Promise<Found | "elsewhere" | undefined> {
  // The user did not name this URL, so it gets neither credentials nor headers.
  const bare = { ...options, bare: true };
  for (const api of ["v2", "v1"]) {
    const answer = await askVersion(client, `${at}/api/${api}/version`, bare);
    if (!("error" in answer)) return { at, version: answer.version, isOld: api === "v1" };
    if (!isElsewhere(answer.error)) return undefined;
  }
  return "elsewhere";
}

/** Whether a response shows that something else, or nothing, is at this URL: not that it is protected or failing. */
function isElsewhere(error: AirflowError): boolean {
  if (!(error instanceof AirflowResponseError)) return error.code === "NOT_AIRFLOW";
  return error.status < 300 || [400, 404, 405, 410, 422].includes(error.status);
}

function problem(code: AirflowErrorCode, message: string, cause: AirflowError): AirflowError {
  return new AirflowError({ code, message, cause });
}
