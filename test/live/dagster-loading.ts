import { createDagsterClient } from "@org/dagster-client";
import { duckdb } from "@org/destination/duckdb";
import { dagster } from "@org/sources/dagster";
import { sync } from "@org/sync-engine";
import type { DagsterLocation, DagsterServer } from "@org/testkit/servers/dagster";
import { breakLocation, repairLocation } from "@org/testkit/servers/dagster-world";
import { changeRuns } from "@org/testkit/servers/dagster-writer";
import { expect } from "vitest";
import { expectDagsterTruth } from "./dagster-differences.ts";

/** Cases: some code locations fail or are loading, then all of them, then none. */
export async function keepLocations(server: DagsterServer, path: string): Promise<void> {
  const syncNow = async (loading: readonly DagsterLocation[] = []) => {
    const notices: string[] = [];
    const client = createDagsterClient({ url: server.url, fetch: showAsLoading(loading) });
    const { streams } = await sync({
      source: dagster({ client }),
      destination: duckdb(path),
      reconcile: true,
      onEvent: (event) => event.type === "notice" && notices.push(event.message),
    });
    return { notices, deleted: streams.map(({ deleted }) => deleted) };
  };
  const nothing = [0, 0, 0, 0];

  await syncNow();
  await Promise.all([breakLocation(server, "b"), breakLocation(server, "c")]);
  // No run starts or ends, so the sensors' rows keep what they say about runs.
  await changeRuns(server, { actions: 8, only: ["tagged_long_after", "materialized"] });
  expect(await syncNow(["c"])).toEqual({
    notices: [
      expect.stringMatching(/^Code location b is not loaded: .*Error/),
      expect.stringMatching(/^Code location c is not loaded: it is loading\./),
    ],
    deleted: nothing,
  });
  await expectDagsterTruth(server, path);

  await breakLocation(server, "a");
  const { notices, deleted } = await syncNow(["a", "b", "c"]);
  expect(deleted).toEqual(nothing);
  expect(notices.at(-1)).toMatch(/^None of Dagster's code locations is loaded/);
  await expectDagsterTruth(server, path);

  await changeRuns(server, { actions: 4, only: ["added", "ended"] });
  await Promise.all(server.locations.map((location) => repairLocation(server, location)));
  expect(await syncNow()).toEqual({ notices: [], deleted: nothing });
  await expectDagsterTruth(server, path);
}

interface Answer {
  readonly data?: { readonly workspace?: { readonly locationEntries?: readonly { readonly name: DagsterLocation }[] } };
}

/**
 * A `fetch` whose responses show code locations as loading, as Dagster+ does. (The open source server shows the old
 * definitions until the new ones are loaded.) Their definitions must be missing from the response, so they must be broken.
 */
function showAsLoading(locations: readonly DagsterLocation[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const answer = (await response.json()) as Answer;
    for (const entry of answer.data?.workspace?.locationEntries ?? []) {
      if (locations.includes(entry.name)) Object.assign(entry, { loadStatus: "LOADING", locationOrLoadError: null });
    }
    return Response.json(answer, { status: response.status, headers: { date: response.headers.get("date") ?? "" } });
  };
}
