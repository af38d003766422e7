import type { Batch, CommitResult } from "@org/destination";
import { memoryDestination } from "@org/destination/memory";
import { startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { sync } from "@org/sync-engine";
import { expect, onTestFinished, test } from "vitest";
import { sourceOf } from "../crash/support/small-sync.ts";
import { wrapped } from "../model/dying.ts";

test.each(["airflow", "dagster"] as const)(
  "I2: each batch of %s changes nothing when committed again",
  async (kind) => {
    const { url, world, close } = await (kind === "airflow" ? startAirflowSimulator() : startDagsterSimulator());
    onTestFinished(close);
    const again: { batch: Batch; result: CommitResult }[] = [];
    const destination = wrapped(memoryDestination(), (session) => async (stream, batch) => {
      const result = await session.commit(stream, batch);
      again.push({ batch, result: await session.commit(stream, batch) });
      return result;
    });
    for (const reconcile of [false, true]) {
      await sync({ source: sourceOf(kind, url), destination, reconcile });
      world.advance(3_600_000);
    }
    expect(again.length).toBeGreaterThan(50);
    for (const { batch, result } of again) {
      const rows = [...(batch.upserts ?? []), ...(batch.replace ?? []).flatMap(({ rows }) => rows)];
      expect(result).toMatchObject({ inserted: 0, updated: 0, unchanged: rows.length, deleted: 0, removed: 0 });
    }
  },
);
