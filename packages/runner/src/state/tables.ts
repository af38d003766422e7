/** The runner's own tables. */
import type { Connection } from "@org/destination/connection";
import { RunnerError } from "../errors.ts";

/** The schema version. A release that changes the tables increments it, and migrates older ones. */
const FORMAT = 1;

/** The tables' names, quoted for SQL. */
export interface Tables {
  /** One row: the schema version. Claiming runs locks it, so that one process at a time counts against the limits. */
  readonly format: string;
  /** Per schedule, the time up to which runs have been queued. */
  readonly schedules: string;
  /** The running processes, with their heartbeat counters. */
  readonly processes: string;
  /** All runs, in any state. */
  readonly runs: string;
  /** The end of each attempt's output. */
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

/** Creates missing tables. @throws RunnerError `NEWER_VERSION` */
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
