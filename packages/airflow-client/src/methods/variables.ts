import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import type { components } from "../generated/schema.ts";
import type { CallOptions } from "../operations.ts";
import { type List, type ListQuery, list as listOf } from "./list.ts";

type Schemas = components["schemas"];

/** A variable. If its key looks like a secret, the server masks the value as `***`. */
export type Variable = Schemas["VariableResponse"];

export function list(client: AirflowClient, query: ListQuery<"/api/v2/variables"> = {}): List<Variable> {
  return listOf(client, "/api/v2/variables", query);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(client: AirflowClient, key: string, call: CallOptions = {}): Promise<Variable> {
  return (await client.GET("/api/v2/variables/{variable_key}", { ...call, params: byKey(key) })).data;
}

/**
 * Creates or changes a variable. A value that is not text is stored as JSON. Without a description the current one
 * stays.
 */
export async function set(
  client: AirflowClient,
  key: string,
  value: Schemas["JsonValue"],
  { description, ...call }: { readonly description?: string | null | undefined } & CallOptions = {},
): Promise<Variable> {
  // Before 3.3 a server stores Python's representation of a value that is not text.
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const body = { key, value: text, ...(description != null && { description }) };
  try {
    return (await client.POST("/api/v2/variables", { ...call, body })).data;
  } catch (error) {
    if (!(error instanceof AirflowError && error.code === "CONFLICT")) throw error;
  }
  const params = { ...byKey(key), query: { update_mask: Object.keys(body).filter((name) => name !== "key") } };
  return (await client.PATCH("/api/v2/variables/{variable_key}", { ...call, params, body })).data;
}

async function remove(client: AirflowClient, key: string, call: CallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/variables/{variable_key}", { ...call, params: byKey(key) });
}

export { remove as delete };

const byKey = (key: string) => ({ path: { variable_key: key } });
