/** Each host once, on the Dagster that other tests share. At night they also read an Airflow, and what changed. */
import { createDagsterClient } from "@org/dagster-client";
import { dagster, defaultDagsterTables } from "@org/sources/dagster";
import type { Source } from "@org/sync-engine";
import { sharedDagster } from "@org/testkit/servers/shared-dagster";
import { beforeAll } from "vitest";
import { testHosts } from "./hosts-check.ts";
import { describeLive } from "./live.ts";

describeLive("hosts that read a real Dagster", () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await sharedDagster());
  });
  testHosts({
    tables: defaultDagsterTables,
    config: () => ({ kind: "dagster", url }),
    source: () => dagster({ client: createDagsterClient({ url }) }) as Source,
  });
});
