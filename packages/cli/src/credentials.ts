import type { AirflowAuth } from "@org/airflow-client";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";

type Environment = Io["env"];

/** The variables by source, for messages and help. */
export const credentialVariables = {
  airflow: "AIRFLOW_TOKEN, or AIRFLOW_USERNAME and AIRFLOW_PASSWORD",
  dagster: "DAGSTER_TOKEN",
} as const;

/**
 * Airflow's credentials; undefined if no variable is set, for servers without authentication. An empty variable counts
 * as not set, since a missing secret becomes one in compose files and pipelines.
 *
 * @throws UsageError if the variables contradict each other, or one is missing.
 */
export function airflowAuth(env: Environment): AirflowAuth | undefined {
  const { AIRFLOW_TOKEN: token, AIRFLOW_USERNAME: username, AIRFLOW_PASSWORD: password } = env;
  if (token && (username || password)) {
    const other = username ? "AIRFLOW_USERNAME" : "AIRFLOW_PASSWORD";
    throw new UsageError(
      `AIRFLOW_TOKEN and ${other} are both set, and only one way to log in can be used: unset one of them.`,
    );
  }
  if (token) return { token };
  if (username && password) return { username, password };
  if (username || password) {
    const [set, missing] = username ? ["USERNAME", "PASSWORD"] : ["PASSWORD", "USERNAME"];
    throw new UsageError(
      `AIRFLOW_${set} is set, but AIRFLOW_${missing} is missing or empty: set both, or AIRFLOW_TOKEN instead.`,
    );
  }
  return undefined;
}

/** Dagster's credentials; undefined for open source Dagster, which has no authentication. */
export function dagsterAuth(env: Environment): { readonly token: string } | undefined {
  return env.DAGSTER_TOKEN ? { token: env.DAGSTER_TOKEN } : undefined;
}
