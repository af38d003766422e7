/** `dagsync run --plan`: prints upcoming runs, without running anything. */
import { plan, type Schedule } from "@org/runner";
import { jsonLine } from "../render/json.ts";
import { escaped, type SafeIo } from "../render/safe-output.ts";
import { textTable } from "../render/table.ts";

interface PlanOptions {
  readonly schedules: readonly Schedule[];
  /** Exclusive start, in ms since 1970. */
  readonly from: number;
  readonly forMs: number;
  readonly json: boolean;
}

/** A schedule with this many runs a day gets one line for all of them. */
const MANY = 5;

export function printPlan({ schedules, from, forMs, json }: PlanOptions, io: SafeIo): void {
  const planned = plan(schedules, from, from + forMs);
  if (json) {
    for (const { schedule, at } of planned) {
      const { name, timezone, job } = schedule;
      io.stdout.write(jsonLine({ at: new Date(at).toISOString(), job_name: name, tenant_id: job.tenant, timezone }));
    }
    return;
  }
  const groups = Map.groupBy(
    planned,
    ({ schedule, at }) => `${localText(at, schedule.timezone).slice(0, 10)} ${schedule.name}`,
  );
  const rows = [...groups.values()].flatMap((group) => {
    const { schedule } = group[0]!;
    const line = (first: number, last?: number, count = 1) => ({
      ...{ at: first, name: schedule.name },
      cells: [
        localText(first, schedule.timezone),
        last === undefined ? "" : `to ${localText(last, schedule.timezone).slice(11)}, ${count} times`,
        schedule.timezone,
        escaped(schedule.name),
        escaped(schedule.job.tenant ?? ""),
      ],
    });
    if (group.length < MANY) return group.map(({ at }) => line(at));
    return [line(group[0]!.at, group.at(-1)!.at, group.length)];
  });
  rows.sort((a, b) => a.at - b.at);
  if (rows.length === 0) io.stdout.write("No runs in that time.\n");
  else
    io.stdout.write(
      textTable(
        ["when", "", "time zone", "schedule", "tenant"],
        rows.map(({ cells }) => cells),
      ),
    );
}

/** Local time with its UTC offset: `2026-10-25 02:30 +01:00`. */
function localText(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-CA", {
    ...{ timeZone, hourCycle: "h23", timeZoneName: "longOffset" },
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const { year, month, day, hour, minute, second, timeZoneName } = parts;
  const time = second === "00" ? `${hour}:${minute}` : `${hour}:${minute}:${second}`;
  return `${year}-${month}-${day} ${time} ${timeZoneName === "GMT" ? "+00:00" : timeZoneName?.slice(3)}`;
}
