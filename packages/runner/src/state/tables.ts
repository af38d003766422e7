/** The runner's own tables. */
import type { Connection } from "@org/destination/connection";
import { RunnerError } from "../errors.ts";

/** The format of the tables below. A release that changes them counts it up and migrates the older ones. */
const FORMAT = 1;

/** The tables' names as SQL. */
export interface Tables {
  /** One row, which who wants to start a run locks: limits are counted by one process at a time. */
  readonly format: string;
  /** Up to when moments were looked for, by schedule. */
  readonly schedules: string;
  /** Who runs jobs, with a number that it counts up as long as it lives. */
  readonly processes: string;
  /** Every run, whatever became of it. */
  readonly runs: string;
  /** The end of what each attempt wrote. */
  readonly output: string;
}

export function tablesIn(connection: Connection): Tables {
  const name = (each: string) => connection.table(`_runner_${each}`);
  return {
    format: name("format"),
    schedules: name("schedules"),
    processes: name("processes"),
    runs: name("runs"),
    output: name("output"),
  };
}

/** Creates what is missing. @throws RunnerError `NEWER_VERSION` */
export async function openTables(connection: Connection): Promise<Tables> {
  const tables = tablesIn(connection);
  if (!(await connection.tables()).has("_runner_format")) {
    await create(connection, tables).catch(async (error: unknown) => {
      // Another process may have been faster.
      if (!(await connection.tables()).has("_runner_format")) throw error;
    });
  }
  const [found] = await connection.read("Opening the state", `SELECT max(version) AS version FROM ${tables.format}`);
  if (Number(found?.version) > FORMAT) {
    throw new RunnerError(
      "NEWER_VERSION",
      `The state in ${connection.place} was written by a newer release (format ${found?.version}, this one knows ${FORMAT}). Update this program.`,
    );
  }
  return tables;
}

function create(connection: Connection, { format, schedules, processes, runs, output }: Tables): Promise<void> {
  return connection.transaction("Creating the state", async ({ run }) => {
    await run(`CREATE TABLE ${format} (version BIGINT NOT NULL)`);
    await run(`CREATE TABLE ${schedules} (
      name TEXT PRIMARY KEY, position BIGINT NOT NULL, pruned BIGINT NOT NULL)`);
    await run(`CREATE TABLE ${processes} (id TEXT PRIMARY KEY, holder TEXT NOT NULL, beat BIGINT NOT NULL)`);
    await run(`CREATE TABLE ${runs} (
      id TEXT PRIMARY KEY, schedule TEXT NOT NULL, slot BIGINT, tenant TEXT, state TEXT NOT NULL, due_at BIGINT NOT NULL,
      attempt BIGINT NOT NULL, retries BIGINT NOT NULL, interruptions BIGINT NOT NULL, process TEXT,
      started_at BIGINT, ended_at BIGINT, exit_code BIGINT, reason TEXT, UNIQUE (schedule, slot))`);
    await run(`CREATE INDEX _runner_runs_open ON ${runs} (state, due_at)`);
    await run(`CREATE TABLE ${output} (
      run TEXT NOT NULL, attempt BIGINT NOT NULL, written TEXT NOT NULL, PRIMARY KEY (run, attempt))`);
    await run(`INSERT INTO ${format} VALUES (${FORMAT})`);
  });
}
