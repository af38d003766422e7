/** Names and tags as Dagster takes them. */
import type { Schedule } from "@org/runner";
import { UsageError } from "../../errors.ts";
import { escaped } from "../../render/safe-output.ts";

/** Dagster's own, and Python's. */
const reserved: ReadonlySet<string> = new Set(
  `context conf config meta arg_dict dict input_arg_dict output_arg_dict int str float bool input output type
   False None True and as assert async await break class continue def del elif else except finally for from global if
   import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);

/** The name of a schedule's job, and of its schedule or sensor: with an underscore for what Dagster does not take. */
export function nameOf(schedule: string): string {
  const name = schedule.replace(/[^A-Za-z0-9_]/g, "_");
  return reserved.has(name) ? `${name}_` : name;
}

/** @throws UsageError for two things that Dagster would take for one */
export function checkNames(names: readonly { readonly name: string; readonly of: string }[]): void {
  const seen = new Map<string, string>();
  for (const { name, of } of names) {
    const other = seen.get(name);
    if (other !== undefined) {
      throw new UsageError(
        `In Dagster, ${escaped(other)} and ${escaped(of)} would both be called ${name}: names have letters, digits and underscores only. Rename one.`,
      );
    }
    seen.set(name, of);
  }
}

/** Dagster's own that a schedule may set. */
const settings: ReadonlySet<string> = new Set(["dagster/priority", "dagster/max_runtime"]);

/** What runs are filtered by, and what limits count. */
export const tagNames = {
  schedule: "dagsync/schedule",
  tenant: "dagsync/tenant",
  connector: "dagsync/connector",
  /** Of schedules that may have so many runs at once. */
  limit: (runs: number) => `dagsync/at_most_${runs}`,
} as const;

/** Tags of a schedule's runs. @throws UsageError for one that means something else */
export function tagsOf({ name, tags, job, maxConcurrentRuns }: Schedule): Readonly<Record<string, string>> {
  const own = Object.entries(tags).map(([key, value]) => {
    if (/^dags(ync|ter)\//.test(key) && !settings.has(key)) {
      throw new UsageError(
        `Schedule "${escaped(name)}": tags that begin with dagsync/ or dagster/ are reserved, except ${[...settings].join(" and ")}. Rename "${escaped(key)}".`,
      );
    }
    return [keyOf(key), value];
  });
  return {
    ...Object.fromEntries(own),
    [tagNames.schedule]: name,
    [tagNames.connector]: job.connectorType,
    ...(job.tenant !== undefined && { [tagNames.tenant]: job.tenant }),
    [tagNames.limit(maxConcurrentRuns)]: name,
    // The schedule's own retries are exact. A run whose process died may be run again all the same.
    "dagster/retry_on_asset_or_op_failure": "false",
  };
}

/** With an underscore for what Dagster advises against. */
function keyOf(key: string): string {
  const [, space = "", rest = ""] = /^(?:([\w.-]{1,63})\/)?(.*)$/s.exec(key) ?? [];
  const name = rest.replace(/[^\w.-]/g, "_").slice(0, 63);
  return space === "" ? name : `${space}/${name}`;
}
