import type { AirflowClient } from "../client.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";

type Schemas = components["schemas"];

/** The health of database, scheduler, triggerer and DAG processor. Needs no credentials. */
export async function health(client: AirflowClient, call: CallOptions = {}): Promise<Schemas["HealthInfoResponse"]> {
  return (await client.GET("/api/v2/monitor/health", call)).data;
}

/** The server's version. Needs no credentials. */
export async function version(client: AirflowClient, call: CallOptions = {}): Promise<Schemas["VersionInfo"]> {
  return (await client.GET("/api/v2/version", call)).data;
}
