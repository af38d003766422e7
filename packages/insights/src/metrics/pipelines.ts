/** How current and how large the stored data is. */
import type { StoredPipeline } from "@org/destination";
import { asOfOf, positionOf } from "../as-of.ts";
import { SECOND } from "../moments.ts";
import type { Family } from "./exposition.ts";

/** UTC text as seconds since 1970; 0 for none. */
export function seconds(moment: string | null | undefined): number {
  return moment ? Date.parse(moment) / 1000 : 0;
}

export function pipelineFamilies(contents: readonly StoredPipeline[]): readonly Family[] {
  const streams = contents.flatMap((each) =>
    each.streams.map(({ stream, ...more }) => ({ labels: { pipeline: each.pipeline, stream }, ...more })),
  );
  const tables = contents.flatMap((each) =>
    each.tables.map(({ name, ...counts }) => ({ labels: { pipeline: each.pipeline, table: name }, ...counts })),
  );
  return [
    {
      name: "dagsync_as_of_timestamp_seconds",
      type: "gauge",
      help: "The time of the pipeline's data (its last sync), by the server's clock; 0 before the first sync has ended.",
      samples: contents.map((each) => ({ labels: { pipeline: each.pipeline }, value: (asOfOf([each]) ?? 0) / SECOND })),
    },
    {
      name: "dagsync_stream_position_timestamp_seconds",
      type: "gauge",
      help: "Up to when the stream is synced, by the server's clock; 0 before its first sync has ended.",
      samples: streams.map(({ labels, state }) => ({ labels, value: (positionOf(state?.value) ?? 0) / 1000 })),
    },
    {
      name: "dagsync_stream_committed_timestamp_seconds",
      type: "gauge",
      help: "When something was last stored for the stream, by the database's clock.",
      samples: streams.map(({ labels, committedAt }) => ({ labels, value: seconds(committedAt) })),
    },
    {
      name: "dagsync_table_rows",
      type: "gauge",
      help: "Rows of the table that are not deleted.",
      samples: tables.map(({ labels, rows }) => ({ labels, value: rows })),
    },
    {
      name: "dagsync_table_deleted_rows",
      type: "gauge",
      help: "Rows of the table that the server no longer has.",
      samples: tables.map(({ labels, deleted }) => ({ labels, value: deleted })),
    },
  ];
}
