/** The short methods for partitions: of assets, of a job, and of their backfills. */
import { assets, backfills, type DagsterClient, jobs, runs, type WaitOptions } from "@org/dagster-client";
import { expect } from "vitest";

/** Ids of what was launched before. */
interface Started {
  /** A backfill of the asset `daily`, whose third day fails; one of the job `load_day`. */
  readonly daily: string;
  readonly days: string;
  /** Runs: of the asset `by_region`, and of jobs with a partition. */
  readonly region: string;
  readonly friday: string;
  readonly both: string;
}

export async function checkPartitions(
  client: DagsterClient,
  started: Started,
  { isOld, takesConfig, patience }: { isOld: boolean; takesConfig: boolean; patience: WaitOptions },
): Promise<void> {
  const made = await backfills.wait(client, started.daily, patience);
  expect(made).toMatchObject({ isAssetBackfill: true, status: isOld ? "COMPLETED" : "COMPLETED_FAILED" });
  const key = (day: number, rest = "") => `2026-01-0${day}${rest}`;
  expect(await assets.partitions(client, "daily")).toEqual([
    { key: key(1), status: "missing" },
    { key: key(2), status: "materialized" },
    { key: key(3), status: "failed" },
    { key: key(4), status: "missing" },
  ]);
  expect((await runs.wait(client, started.region, patience)).status).toBe("SUCCESS");
  const regions = await assets.partitions(client, "by_region");
  expect(regions).toHaveLength(8);
  expect(regions.filter(({ status }) => status !== "missing")).toEqual([
    { key: key(2, "|asia"), status: "materialized" },
  ]);
  const found = assets.materializations(client, "by_region", { partitions: [key(2, "|asia")] });
  const [region] = await found.toArray();
  expect(region).toMatchObject({ partition: key(2, "|asia"), runId: started.region });

  // The configuration and dimensions that the job derives from a partition.
  for (const [run, says] of [
    [started.friday, "good morning, Friday"],
    [started.both, "[('day', '2026-01-02'), ('region', 'asia')]"],
  ] as const) {
    expect((await runs.wait(client, run, patience)).status).toBe("SUCCESS");
    expect((await Array.fromAsync(runs.events(client, run))).map(({ message }) => message)).toContain(says);
  }

  const done = await backfills.wait(client, started.days, patience);
  expect(done).toMatchObject({ status: isOld ? "COMPLETED" : "COMPLETED_SUCCESS", title: "One day" });
  expect(done.tags).toContainEqual({ key: "why", value: "tried" });
  const ofBackfill = await Array.fromAsync(runs.list(client, { tags: { "dagster/backfill": started.days } }));
  expect(ofBackfill).toMatchObject([{ jobName: "load_day", status: "SUCCESS" }]);
  const cancelled = await backfills.launch(client, { job: "load_day", partitions: "all" });
  await backfills.cancel(client, cancelled);
  expect((await backfills.wait(client, cancelled, patience)).status).toBe("CANCELED");
  const listed = await Array.fromAsync(backfills.list(client, { pageSize: 2 }));
  expect(listed.map(({ id }) => id)).toEqual([cancelled, started.days, started.daily]);
  const [one] = await Array.fromAsync(backfills.list(client, { status: "CANCELED" }));
  expect(await backfills.get(client, cancelled)).toMatchObject({ ...one });
  const states = await jobs.partitions(client, "load_day");
  expect(states[0]).toMatchObject({ key: key(1), status: "SUCCESS", runId: ofBackfill[0]?.runId });
  for (const what of [{ assets: ["daily"] }, { job: "load_day" }]) {
    const ranged = await backfills.launch(client, { ...what, partitions: { from: key(2), to: key(4) } });
    await backfills.cancel(client, ranged);
    expect(await backfills.get(client, ranged)).toMatchObject({ partitionNames: [key(2), key(3), key(4)] });
  }
  const launched = backfills.launch(client, { assets: ["daily"], partitions: [key(1)], config: { ops: {} } });
  if (takesConfig) await backfills.cancel(client, await launched);
  else await expect(launched).rejects.toMatchObject({ code: "SERVER_TOO_OLD" });
}
