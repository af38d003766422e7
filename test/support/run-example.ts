import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Runs an example as its README says, and returns its output.
 *
 * @throws If it fails, with `code`, `stdout` and `stderr`.
 */
export async function runExample(name: string, env: Record<string, string>, ...args: string[]): Promise<string[]> {
  const file = fileURLToPath(new URL(`../../examples/${name}/index.ts`, import.meta.url));
  const login = { AIRFLOW_USERNAME: "admin", AIRFLOW_PASSWORD: "admin", DAGSTER_TOKEN: "" };
  const options = { env: { ...process.env, ...login, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@org/source", file, ...args], options);
  return stdout.trimEnd().split("\n");
}
