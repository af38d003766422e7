/** `dagsync run --plan`: prints upcoming runs, without running anything. */
import { type Planned, plan, type Schedule } from "@org/runner";
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
  const lines = [...groups.values()].flatMap((group) => (group.length < MANY ? group.map((each) => [each]) : [group]));
  lines.sort(([a], [b]) => a!.at - b!.at);
  io.stdout.write(lines.length === 0 ? "No runs in that time.\n" : table(lines));
}

/** A column that would be empty or the same everywhere is left out, so that the others fit on a terminal. */
function table(lines: readonly (readonly Planned<Schedule>[])[]): string {
  const schedules = lines.map(([first]) => first!.schedule);
  const columns: Readonly<Record<string, readonly string[]>> = {
    when: lines.map(([first]) => localText(first!.at, first!.schedule.timezone)),
    until: lines.map(untilText),
    "time zone": schedules.map(({ timezone }) => timezone),
    schedule: schedules.map(({ name }) => escaped(name)),
    tenant: schedules.map(({ job }) => escaped(job.tenant ?? "")),
  };
  const isShown = ([name, cells]: [string, readonly string[]]) =>
    name === "time zone" ? cells.some((cell) => cell !== "UTC") : cells.some((cell) => cell !== "");
  const shown = Object.entries(columns).filter(isShown);
  return textTable(
    shown.map(([name]) => name),
    lines.map((_, row) => shown.map(([, cells]) => cells[row])),
  );
}

/** The last of several runs on a day, and their number: `23:55, 288 times`. */
function untilText(group: readonly Planned<Schedule>[]): string {
  if (group.length === 1) return "";
  const [first, last] = [group[0]!, group.at(-1)!].map(({ at, schedule }) => localText(at, schedule.timezone));
  const isSameOffset = first!.slice(-6) === last!.slice(-6);
  return `${isSameOffset ? last!.slice(11, -7) : last!.slice(11)}, ${group.length} times`;
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
