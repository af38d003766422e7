/** Limits of runs, which only the configuration of Dagster itself can hold. */
import type { DagsterSchedule } from "./definitions.ts";
import { tagNames } from "./names.ts";

/** Of the runs that share a value of a tag, so many run at once. */
export interface TagLimit {
  readonly key: string;
  readonly limit: number;
}

/** The limits that the schedules need: of each tenant's runs, and of each schedule's. */
export function limitsOf(schedules: readonly DagsterSchedule[], perTenant: number): readonly TagLimit[] {
  const used = new Set(schedules.flatMap(({ tags }) => Object.keys(tags)));
  const perSchedule = [...used].flatMap((key) => {
    const [, limit] = /^dagsync\/at_most_(\d+)$/.exec(key) ?? [];
    return limit === undefined ? [] : [{ key, limit: Number(limit) }];
  });
  const all = used.has(tagNames.tenant) ? [{ key: tagNames.tenant, limit: perTenant }] : [];
  return [...all, ...perSchedule.sort((a, b) => a.limit - b.limit)];
}

/** What `dagster.yaml` has to say for them. */
export function limitsText(limits: readonly TagLimit[]): string {
  const entries = limits.map(
    ({ key, limit }) => `      - { key: ${key}, value: { applyLimitPerUniqueValue: true }, limit: ${limit} }\n`,
  );
  return `concurrency:\n  runs:\n    tag_concurrency_limits:\n${entries.join("")}`;
}
