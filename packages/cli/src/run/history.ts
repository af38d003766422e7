/** `dagsync run history` and `dagsync run logs`. */
import { type PastRun, readHistory, readOutput } from "@org/runner";
import { duration } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-code.ts";
import { jsonLine } from "../render/json.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import { textTable } from "../render/table.ts";
import { openWrittenState } from "./state.ts";

export interface HistorySettings {
  readonly state: string;
  readonly json: boolean;
  readonly limit: number;
}

export async function printHistory(
  name: string | undefined,
  { state, json, limit }: HistorySettings,
  io: SafeIo,
): Promise<number> {
  const connection = await openWrittenState(state);
  try {
    const runs = await readHistory(connection, { schedule: name, limit });
    if (json) for (const run of runs) io.stdout.write(jsonLine(facts(run)));
    else if (runs.length === 0) io.stdout.write("No runs yet.\n");
    else
      io.stdout.write(
        textTable(["for", "schedule", "tenant", "state", "attempts", "exit code", "time", ""], runs.map(cells)),
      );
    return exitCodes.done;
  } finally {
    await connection.close();
  }
}

/** Prints the output of a schedule's last run, or of the run for a given scheduled time. */
export async function printLogs(
  name: string,
  { state, json, slot }: Omit<HistorySettings, "limit"> & { readonly slot?: number | undefined },
  io: SafeIo,
): Promise<number> {
  const connection = await openWrittenState(state);
  try {
    const runs = await readHistory(connection, { schedule: name, limit: slot === undefined ? 100 : 100_000 });
    const run = runs.find((each) => each.attempt > 0 && (slot === undefined || each.slot === slot));
    if (!run)
      throw new UsageError(
        slot === undefined ? "No run of this schedule has started yet." : "There is no run for that time.",
      );
    for (const { attempt, written } of await readOutput(connection, run.id)) {
      if (json) io.stdout.write(jsonLine({ ...facts(run), attempt, written }));
      else io.stdout.write(`${run.attempt > 1 ? `── attempt ${attempt}\n` : ""}${written}`);
    }
    if (!json) io.stderr.write(`dagsync: ${escaped(run.schedule)} for ${momentText(run)}: ${run.state}\n`);
    return exitCodes.done;
  } finally {
    await connection.close();
  }
}

function cells(run: PastRun) {
  const { schedule, tenant, state, attempt, exitCode, startedAt, endedAt, reason } = run;
  const time = startedAt === null ? "" : duration((endedAt ?? Date.now()) - startedAt);
  return [
    momentText(run),
    escaped(schedule),
    escaped(tenant ?? ""),
    state,
    attempt,
    exitCode,
    time,
    escaped(reason ?? ""),
  ];
}

function momentText({ slot, dueAt }: PastRun): string {
  const text = new Date(slot ?? dueAt).toISOString().replace(".000Z", "Z");
  return slot === null ? `${text} (requested)` : text;
}

function facts({ schedule, tenant, slot, dueAt, startedAt, endedAt, exitCode, ...rest }: PastRun) {
  const moment = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return {
    ...{ job_name: schedule, tenant_id: tenant, ...rest, exit_code: exitCode },
    ...{ slot: moment(slot), due_at: moment(dueAt), started_at: moment(startedAt), ended_at: moment(endedAt) },
  };
}
