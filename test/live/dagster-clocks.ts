import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { changeRuns } from "@org/testkit/servers/dagster-writer";
import { type RewriteDate, startDateProxy } from "@org/testkit/servers/date-proxy";
import { expectDagsterTruth } from "./dagster-differences.ts";

const HOUR_MS = 60 * 60 * 1000;
/** Much less than an hour, so that it hides nothing. */
const overlapMs = 5_000;

/** The server's clock at the first sync of a case, and at later ones. */
export const clocks: Readonly<Record<string, readonly [first: RewriteDate, then: RewriteDate]>> = {
  "is ahead by an hour": [(now) => now + HOUR_MS, (now) => now + HOUR_MS],
  "is behind by an hour": [(now) => now - HOUR_MS, (now) => now - HOUR_MS],
  "is set back by an hour between two syncs": [(now) => now + HOUR_MS, (now) => now],
  "is set forward by an hour between two syncs": [(now) => now - HOUR_MS, (now) => now],
  "is not said": [() => undefined, () => undefined],
};

/**
 * Syncs through a proxy with these clocks, and changes the server in between, including tags of runs that ended long ago,
 * which only the window shows.
 */
export async function playClocks(
  server: DagsterServer,
  path: string,
  [first, then]: readonly [RewriteDate, RewriteDate],
): Promise<void> {
  const proxy = await startDateProxy(new URL(server.url).origin);
  const source = dagster({ client: createDagsterClient({ url: `${proxy.url}/graphql` }), overlapMs });
  // The proxy's port varies, but all tables belong to one pipeline.
  const syncNow = () => sync({ source, destination: duckdb(path), pipeline: "clocks", reconcile: false });
  try {
    proxy.rewrite = first;
    await syncNow();
    proxy.rewrite = then;
    for (const _turn of [1, 2]) {
      await changeRuns(server, { actions: 12, only: ["added", "ended", "tagged_long_after"] });
      await syncNow();
    }
    await expectDagsterTruth(server, path);
  } finally {
    await proxy.close();
  }
}
