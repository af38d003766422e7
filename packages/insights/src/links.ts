/** URLs of runs in Airflow and Dagster. */
import { InsightsError } from "./errors.ts";

/** A pipeline's server. */
export interface Server {
  readonly kind: "airflow" | "dagster";
  readonly url: string;
}

/** The servers of pipelines, if known. */
export type Servers = ReadonlyMap<string, Server>;

/**
 * The URL of a row's run, if its server is known; without a run, of its DAG, or of its job's runs.
 *
 * @param row with `pipeline`, and `dag` or `name`; `task` if it is about one
 */
export type Links = (row: Readonly<Record<string, unknown>>, run: string | undefined) => string | undefined;

export function linksTo(servers: Servers): Links {
  return (row, run) => {
    const server = servers.get(String(row.pipeline));
    // A link with any other scheme could run a script.
    if (!server || !/^https?:\/\//i.test(server.url)) return undefined;
    const root = server.url.replace(/\/+$/, "");
    const name = String(row.dag ?? row.name);
    if (run === undefined && !namesJob(row.kind)) return undefined;
    if (server.kind === "dagster") return `${root}/runs${run === undefined ? ofJob(name) : `/${encoded(run)}`}`;
    const task = typeof row.task === "string" ? `/tasks/${encoded(row.task)}` : "";
    return `${root}/dags/${encoded(name)}${run === undefined ? "" : `/runs/${encoded(run)}`}${task}`;
  };
}

/** Questions whose findings are about something other than a DAG or a job, which has no page of that name. */
const aboutOthers = new Set<unknown>([
  "stale_assets",
  "scheduler_health",
  "tick_health",
  "freshness_and_materializations",
  "check_results",
  "import_errors",
]);

/** Whether the name of a finding is that of a DAG or a job. @param kind the question that found it */
export function namesJob(kind: unknown): boolean {
  return !aboutOthers.has(kind);
}

/** Dagster's list of runs, filtered as its own UI does. */
function ofJob(name: string): string {
  return `?q%5B0%5D=${encoded(`job:${name === "(asset runs)" ? "__ASSET_JOB" : name}`)}`;
}

/** A lone surrogate cannot be part of a URL. */
const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

/** Parses the servers parameter. @throws InsightsError `INVALID_PARAMETER` */
export function serversOf(list: readonly unknown[]): Servers {
  return new Map(
    list.map((given, index) => {
      const { pipeline, kind, url } = (given ?? {}) as { readonly [K in "pipeline" | "kind" | "url"]?: unknown };
      const isServer = typeof pipeline === "string" && typeof url === "string";
      if (isServer && (kind === "airflow" || kind === "dagster")) return [pipeline, { kind, url }] as const;
      throw new InsightsError(
        "INVALID_PARAMETER",
        `servers, entry ${index + 1}, is no server: write { pipeline: "prod", kind: "airflow", url: "https://airflow.example.com" }.`,
      );
    }),
  );
}
