import type { AirflowClient } from "../client.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Health, VersionInfo } from "../types.ts";

/** The health of database, scheduler, triggerer and DAG processor. Needs no credentials. */
export async function health(client: AirflowClient, call: AirflowCallOptions = {}): Promise<Health> {
  return (await client.GET("/api/v2/monitor/health", call)).data;
}

/** The server's version. Needs no credentials. */
export async function version(client: AirflowClient, call: AirflowCallOptions = {}): Promise<VersionInfo> {
  return (await client.GET("/api/v2/version", call)).data;
}
