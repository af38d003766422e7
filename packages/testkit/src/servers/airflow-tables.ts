import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { startPostgres } from "./postgres.ts";
import { run } from "./processes.ts";
import type { VirtualEnvironment } from "./python.ts";

/**
 * A PostgreSQL data folder with only a version's tables. Creating them is the slowest part of a start, so they are created
 * once, and cached next to the version's Python.
 */
export async function tablesOf(
  venv: VirtualEnvironment,
  {
    log,
    env,
    cwd,
    signal,
  }: {
    readonly log: (line: string) => void;
    readonly env: NodeJS.ProcessEnv;
    readonly cwd: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<string> {
  const folder = `${dirname(dirname(venv.python))}-tables`;
  if (existsSync(folder)) return folder;
  log("Creating its tables (once)");
  const postgres = await startPostgres({ log, signal });
  try {
    await postgres.createDatabase("airflow");
    const connection = postgres.url("airflow").replace("postgresql:", "postgresql+psycopg2:");
    const settings = {
      AIRFLOW__CORE__LOAD_EXAMPLES: "False",
      AIRFLOW__CORE__FERNET_KEY: "",
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: connection,
    };
    await run(venv.bin("airflow"), ["db", "migrate"], { env: { ...env, ...settings }, cwd, signal });
    await postgres.keep(folder);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return folder;
}
