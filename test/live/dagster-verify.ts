import { main } from "@org/cli";
import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import { changeTable } from "@org/testkit/compare";
import type { DagsterServer } from "@org/testkit/servers/dagster";
import { expect } from "vitest";

const changeOne = `UPDATE dagster_runs SET status = 'FAILURE'
  WHERE run_id = (SELECT min(run_id) FROM dagster_runs WHERE status = 'SUCCESS') RETURNING run_id`;

/** `dagsync verify` finds no difference in a synced file, and then finds the one row that was changed. */
export async function verifyAChangedRow(server: DagsterServer, path: string): Promise<void> {
  await sync({ source: dagster({ client: createDagsterClient({ url: server.url }) }), destination: duckdb(path) });
  const verify = async () => {
    let text = "";
    const stdout = {
      write(written: string) {
        text += written;
      },
    };
    const { origin } = new URL(server.url);
    const args = ["verify", "--from", `dagster:${origin}`, "--to", `duckdb:${path}`];
    const code = await main(args, { stdout, stderr: { write() {} }, env: {} });
    return { code, text };
  };
  expect((await verify()).code).toBe(0);
  const [changed] = await changeTable(path, changeOne);
  const { code, text } = await verify();
  expect(code).toBe(1);
  expect(text).toContain(String(changed?.run_id));
}
