/** A program that copies Airflow's runs and task instances, to be compared with others. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Target {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Where it may write. */
  readonly folder: string;
}

/** A row as the check compares it: the key, then the state. */
export type CheckedRow = readonly [...key: (string | number)[], state: string | null];

export interface Copied {
  /** `dag_id, dag_run_id, state`. */
  readonly runs: readonly CheckedRow[];
  /** `dag_id, dag_run_id, task_id, map_index, try_number, state`. */
  readonly attempts: readonly CheckedRow[];
  readonly requests: number;
}

export interface Contender {
  /** What is measured. */
  copy(target: Target): Promise<number>;
  /** What it has stored, read afterwards. */
  stored(target: Target): Promise<Omit<Copied, "requests">>;
}

/** A token for those that send requests without a client. */
export async function tokenOf({ url, username, password }: Target): Promise<string> {
  const response = await fetch(`${url}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  const { access_token } = (await response.json()) as { readonly access_token: string };
  return access_token;
}

export const pathOf = (target: Target, name: string): string => join(target.folder, name);

export function writeJson(target: Target, name: string, value: unknown): void {
  writeFileSync(pathOf(target, name), JSON.stringify(value));
}
