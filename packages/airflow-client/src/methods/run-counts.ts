import { type Time, zonedTime } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { invalidOption } from "../invalid-option.ts";
import type { AirflowCallOptions } from "../operations.ts";
import type { DagRunState } from "../types.ts";
import { listRuns } from "./list-dag-runs.ts";
import type { DagsRef } from "./several-dags.ts";

/** Which runs to count. */
export interface CountByDayOptions {
  /** Ids or rows, or what the DAGs have to match. */
  readonly dags: DagsRef;
  /** The first `run_after`, inclusive. A date is its midnight in UTC. */
  readonly from: Time;
  /** The last `run_after`, exclusive. @default none */
  readonly to?: Time | undefined;
  /** Whose days, such as `Europe/Paris`. @default "UTC" */
  readonly timeZone?: string | undefined;
}

/** The runs of a day. */
export interface DayCounts {
  /** `2026-11-30` */
  readonly day: string;
  /** How many runs are in each state that occurs. */
  readonly counts: Readonly<Partial<Record<DagRunState, number>>>;
}

/**
 * How many runs of each day are in each state, for a calendar: days without a run are left out. By `run_after`, which
 * is what the web interface sorts by too.
 *
 * Servers do not count by day, so every run is read, 1,000 with each request unless the server allows fewer.
 */
export async function countByDay(
  client: AirflowClient,
  { dags, from, to, timeZone = "UTC" }: CountByDayOptions,
  call: AirflowCallOptions = {},
): Promise<readonly DayCounts[]> {
  const dayOf = dayIn(timeZone);
  const end = to === undefined ? undefined : Date.parse(zonedTime(to, "to", invalidOption));
  const range = { run_after_gte: from, run_after_lte: to };
  const days = new Map<string, Partial<Record<string, number>>>();
  const runs = listRuns(client, { dags, ...range, orderBy: "run_after", pageSize: 1000 }, call);
  for await (const { run_after, state } of runs) {
    const at = Date.parse(run_after);
    // Servers before 3.1 have no exclusive bound.
    if (end !== undefined && at >= end) continue;
    const day = dayOf.format(at);
    const counts = days.get(day) ?? {};
    counts[state] = (counts[state] ?? 0) + 1;
    days.set(day, counts);
  }
  return Array.from(days, ([day, counts]) => ({ day, counts })).sort((a, b) => (a.day < b.day ? -1 : 1));
}

function dayIn(timeZone: string): Intl.DateTimeFormat {
  try {
    // Sweden writes dates as ISO 8601 does.
    return new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  } catch {
    throw invalidOption(`\`timeZone\` must be a time zone such as "Europe/Paris", and is ${JSON.stringify(timeZone)}`);
  }
}
