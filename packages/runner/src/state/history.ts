/** Reads past and open runs, for display. */
import type { Connection } from "@org/destination/connection";
import { openTables, type Tables, tablesIn } from "./tables.ts";

/** `skipped`: a later run was due before it could start. */
export type RunState = "queued" | "running" | "succeeded" | "failed" | "skipped";

/** A run. Times are in ms since 1970. */
export interface PastRun {
  readonly id: string;
  readonly schedule: string;
  readonly tenant: string | null;
  readonly state: RunState;
  /** The scheduled time. Null for a manual run. */
  readonly slot: number | null;
  /** Earliest start; of a retry, if it is waiting for one. */
  readonly dueAt: number;
  readonly attempt: number;
  /** How often it was retried after a failure. */
  readonly retries: number;
  /** How often its runner ended while it was running. */
  readonly interruptions: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly exitCode: number | null;
  readonly reason: string | null;
}

const columns = `id, schedule, tenant, state, slot, due_at, attempt, retries, interruptions, started_at, ended_at, exit_code, reason`;

/** Open and finished runs, newest first. @param schedule only its runs; default: all */
export async function readHistory(
  connection: Connection,
  { schedule, limit }: { readonly schedule?: string | undefined; readonly limit: number },
): Promise<readonly PastRun[]> {
  const { runs } = await openTables(connection);
  const rows = await connection.read(
    "Reading the history",
    `SELECT ${columns} FROM ${runs} WHERE schedule = coalesce($1, schedule)
     ORDER BY coalesce(slot, due_at) DESC, due_at DESC LIMIT ${Math.floor(limit)}`,
    schedule ?? null,
  );
  return rows.map(pastRun);
}

/** The end of each attempt's output, in order. */
export async function readOutput(
  connection: Connection,
  run: string,
): Promise<readonly { readonly attempt: number; readonly written: string }[]> {
  const { output } = await openTables(connection);
  const rows = await connection.read(
    "Reading a run's output",
    `SELECT attempt, written FROM ${output} WHERE run = $1 ORDER BY attempt`,
    run,
  );
  return rows.map(({ attempt, written }) => ({ attempt: Number(attempt), written: String(written) }));
}

/** Counts runs by schedule and state. */
export async function countRuns(
  connection: Connection,
): Promise<readonly { readonly schedule: string; readonly state: RunState; readonly count: number }[]> {
  const { runs } = tablesIn(connection);
  const rows = await connection.read(
    "Counting runs",
    `SELECT schedule, state, count(*) AS count FROM ${runs} GROUP BY schedule, state ORDER BY schedule, state`,
  );
  return rows.map(({ schedule, state, count }) => ({
    schedule: String(schedule),
    state: state as RunState,
    count: Number(count),
  }));
}

export async function readRun(connection: Connection, { runs }: Tables, id: string): Promise<PastRun | undefined> {
  const [row] = await connection.read("Reading a run", `SELECT ${columns} FROM ${runs} WHERE id = $1`, id);
  return row && pastRun(row);
}

function pastRun(row: Readonly<Record<string, unknown>>): PastRun {
  const number = (value: unknown) => (value === null ? null : Number(value));
  return {
    ...{ id: String(row.id), schedule: String(row.schedule), tenant: row.tenant as string | null },
    ...{ state: row.state as RunState, slot: number(row.slot), dueAt: Number(row.due_at) },
    ...{ attempt: Number(row.attempt), retries: Number(row.retries), interruptions: Number(row.interruptions) },
    ...{ startedAt: number(row.started_at), endedAt: number(row.ended_at), exitCode: number(row.exit_code) },
    reason: row.reason as string | null,
  };
}
