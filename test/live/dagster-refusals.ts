import { assets, backfills, type DagsterClient, runs, schedules, sensors } from "@org/dagster-client";

async function exhaust(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const place = { location: "methods", repository: "__repository__" };

/** Calls that a real server rejects, and the resulting errors. */
export function refusals(client: DagsterClient): readonly (readonly [call: () => Promise<unknown>, error: object])[] {
  return [
    [() => runs.launch(client, { job: "nowhere", ...place }), { typename: "PipelineNotFoundError" }],
    [() => runs.launch(client, { job: "fails_first", ops: ["third"] }), { typename: "InvalidSubsetError" }],
    [() => runs.launch(client, { assets: [] }), { code: "INVALID_OPTIONS" }],
    [() => runs.launch(client, { assets: ["orders", "nothing"] }), { code: "INVALID_OPTIONS" }],
    [() => runs.launch(client, { assets: ["daily"] }), { code: "INVALID_OPTIONS" }],
    [() => runs.get(client, "nowhere"), { typename: "RunNotFoundError" }],
    [() => exhaust(runs.events(client, "nowhere")), { typename: "RunNotFoundError" }],
    [() => runs.wait(client, "nowhere"), { typename: "RunNotFoundError" }],
    [() => runs.terminate(client, "nowhere"), { typename: "RunNotFoundError" }],
    [() => runs.delete(client, "nowhere"), { typename: "RunNotFoundError" }],
    [
      () => runs.reexecute(client, "c0ffee00-0000-0000-0000-000000000000"),
      { typename: "PythonError", retryable: false },
    ],
    [() => assets.get(client, "nothing"), { typename: "AssetNotFoundError" }],
    [() => assets.partitions(client, "nothing"), { typename: "AssetNotFoundError" }],
    [() => schedules.start(client, "nowhere"), { typename: "ScheduleNotFoundError" }],
    [() => sensors.get(client, { name: "nowhere", ...place }), { typename: "SensorNotFoundError" }],
    [() => backfills.get(client, "nowhere"), { typename: "BackfillNotFoundError" }],
    [() => backfills.launch(client, { job: "speak", partitions: "all" }), { code: "INVALID_OPTIONS" }],
  ];
}
