/** Metrics about the server itself, not about stored data. They are correct even if nothing can be read. */
import type { SyncHealth } from "../serve/sync-health.ts";
import { exposition } from "./exposition.ts";

export interface ServerFacts {
  /** Whether stored data could be read just now. */
  readonly isUp: boolean;
  readonly failedLooks: number;
  /** How long reading it took, in ms. */
  readonly durationMs: number;
  readonly syncs: readonly SyncHealth[];
}

export function serverMetrics({ isUp, failedLooks, durationMs, syncs }: ServerFacts): string {
  const of = ({ pipeline }: SyncHealth) => ({ pipeline });
  const seconds = (ms: number | undefined) => (ms ?? 0) / 1000;
  return exposition([
    {
      name: "dagsync_up",
      type: "gauge",
      help: "Whether the stored data could be read. If 0, the other series are from the last successful read, or missing.",
      samples: [{ labels: {}, value: Number(isUp) }],
    },
    {
      name: "dagsync_read_errors_total",
      type: "counter",
      help: "How many times the stored data could not be read.",
      samples: [{ labels: {}, value: failedLooks }],
    },
    {
      name: "dagsync_scrape_duration_seconds",
      type: "gauge",
      help: "How long this response took. Results are cached until a sync ends.",
      samples: [{ labels: {}, value: seconds(durationMs) }],
    },
    {
      name: "dagsync_sync_running",
      type: "gauge",
      help: "Whether this process is syncing the pipeline now.",
      samples: syncs.map((each) => ({ labels: of(each), value: Number(each.isRunning) })),
    },
    {
      name: "dagsync_sync_ended_timestamp_seconds",
      type: "gauge",
      help: "When the last sync of this process ended; 0 before the first has.",
      samples: syncs.map((each) => ({ labels: of(each), value: seconds(each.endedAt) })),
    },
    {
      name: "dagsync_sync_success_timestamp_seconds",
      type: "gauge",
      help: "When the last complete sync of this process ended; 0 if there is none.",
      samples: syncs.map((each) => ({ labels: of(each), value: seconds(each.succeededAt) })),
    },
    {
      name: "dagsync_sync_duration_seconds",
      type: "gauge",
      help: "How long the last sync of this process took; 0 before the first has ended.",
      samples: syncs.map((each) => ({ labels: of(each), value: seconds(each.durationMs) })),
    },
    {
      name: "dagsync_syncs_total",
      type: "counter",
      help: "Ended syncs of this process, by whether they were complete.",
      samples: syncs.flatMap((each) => [
        { labels: { ...of(each), outcome: "success" }, value: each.succeeded },
        { labels: { ...of(each), outcome: "failed" }, value: each.failed },
      ]),
    },
  ]);
}
