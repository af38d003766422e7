import type { List } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import type { components } from "../generated/schema.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { Variable } from "../types.ts";
import { type ListQuery, list as listOf } from "./list.ts";

/** A variable: its key, or its row. */
export type VariableRef = string | Pick<Variable, "key">;

/** A variable to create or change. */
export interface VariableOptions {
  readonly key: string;
  /** A value that is not text is stored as JSON. */
  readonly value: components["schemas"]["JsonValue"];
  /** @default the current one */
  readonly description?: string | null | undefined;
}

/** The variables. If a key looks like a secret, the server masks the value as `***`. */
export function list(
  client: AirflowClient,
  options: ListQuery<"/api/v2/variables"> = {},
  call: AirflowCallOptions = {},
): List<Variable> {
  return listOf(client, "/api/v2/variables", options, call);
}

/** @throws AirflowError `NOT_FOUND` */
export async function get(
  client: AirflowClient,
  variable: VariableRef,
  call: AirflowCallOptions = {},
): Promise<Variable> {
  return (await client.GET("/api/v2/variables/{variable_key}", { ...call, params: byKey(variable) })).data;
}

/** Creates or changes a variable. */
export async function set(
  client: AirflowClient,
  variable: VariableOptions,
  call: AirflowCallOptions = {},
): Promise<Variable> {
  const body = bodyOf(variable);
  try {
    return (await client.POST("/api/v2/variables", { ...call, body })).data;
  } catch (error) {
    if (!(error instanceof AirflowError && error.code === "CONFLICT")) throw error;
  }
  const params = { ...byKey(variable), query: { update_mask: Object.keys(body).filter((name) => name !== "key") } };
  return (await client.PATCH("/api/v2/variables/{variable_key}", { ...call, params, body })).data;
}

/**
 * Creates or changes any number of variables in one request; those without a description lose theirs.
 *
 * @throws AirflowError `INVALID_REQUEST` if the server stored some of them only: it says which it did not
 */
export async function setMany(
  client: AirflowClient,
  variables: readonly VariableOptions[],
  call: AirflowCallOptions = {},
): Promise<void> {
  if (variables.length === 0) return;
  const entities = variables.map(bodyOf);
  const actions = [{ action: "create" as const, action_on_existence: "overwrite" as const, entities }];
  const { data } = await client.PATCH("/api/v2/variables", { ...call, body: { actions } });
  const errors = data.create?.errors ?? [];
  if (errors.length === 0) return;
  const said = errors.map(({ error }) => String(error)).join("; ");
  const message = `The server did not store all of the ${variables.length} variables: ${said}.`;
  throw new AirflowError({ code: "INVALID_REQUEST", message });
}

async function remove(client: AirflowClient, variable: VariableRef, call: AirflowCallOptions = {}): Promise<void> {
  await client.DELETE("/api/v2/variables/{variable_key}", { ...call, params: byKey(variable) });
}

export { remove as delete };

const byKey = (variable: VariableRef) => ({
  path: { variable_key: typeof variable === "string" ? variable : variable.key },
});

function bodyOf({ key, value, description }: VariableOptions) {
  // Before 3.3 a server stores Python's representation of a value that is not text.
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { key, value: text, ...(description != null && { description }) };
}
