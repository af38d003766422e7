/** Addresses of runs in Airflow and Dagster. */

/** The servers of pipelines, where they are known. */
export type Servers = ReadonlyMap<string, { readonly kind: "airflow" | "dagster"; readonly url: string }>;

/** The address of a row's run, where its server is known; without a run, of its DAG. */
export type Links = (row: Readonly<Record<string, unknown>>, run: string | undefined) => string | undefined;

export function linksTo(servers: Servers): Links {
  return (row, run) => {
    const server = servers.get(String(row.pipeline));
    // A page runs what a link of another kind says.
    if (!server || !/^https?:\/\//i.test(server.url)) return undefined;
    const root = server.url.replace(/\/+$/, "");
    if (server.kind === "dagster") return run === undefined ? undefined : `${root}/runs/${encodeURIComponent(run)}`;
    const task = typeof row.task === "string" ? `/tasks/${encodeURIComponent(row.task)}` : "";
    const ofRun = run === undefined ? "" : `/runs/${encodeURIComponent(run)}`;
    return `${root}/dags/${encodeURIComponent(String(row.dag ?? row.name))}${ofRun}${task}`;
  };
}
