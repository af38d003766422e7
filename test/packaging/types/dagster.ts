/** Ten Dagster operations as a program would use them, to measure the compiler's work. */
import { createDagsterClient, unwrap } from "@org/dagster-client";
import {
  definitionsDocument,
  existingRunIds,
  paginateRunIds,
  paginateRuns,
  runChangesDocument,
  runIdsPageDocument,
  runsPageDocument,
  serverVersionDocument,
  withoutFields,
} from "@org/dagster-client/sync";

const dagster = createDagsterClient({ url: "http://localhost:3000" });

export async function use(): Promise<readonly unknown[]> {
  const { version } = await dagster.request(serverVersionDocument);
  const { workspace, assetNodes } = await dagster.request(definitionsDocument);
  const locations = unwrap(workspace, "Workspace").locationEntries.map(({ locationOrLoadError: loaded }) =>
    loaded?.__typename === "RepositoryLocation" ? loaded.repositories[0]?.sensors[0]?.sensorType : loaded?.message,
  );
  const page = unwrap((await dagster.request(runsPageDocument, { limit: 10 })).runs, "Runs").results;
  const ids = unwrap((await dagster.request(runIdsPageDocument, { limit: 10 })).runIds, "RunIds").results;
  const { data, date } = await dagster.rawRequest(runChangesDocument, {
    window: { updatedAfter: 1 },
    pageSize: 10,
    open: { runIds: ["a"] },
  });
  const listed: unknown[] = [];
  for await (const { rows } of paginateRuns(dagster, { filter: { statuses: ["FAILURE"] } })) listed.push(rows[0]?.tags);
  for await (const { rows } of paginateRunIds(dagster)) listed.push(rows[0]);
  const existing = await existingRunIds(dagster, ["a"]);
  const old = await withoutFields(dagster, ["creationTime"]).request(runsPageDocument, { limit: 1 });
  const assets = assetNodes.map(({ assetKey, groupName }) => [assetKey.path, groupName]);
  return [version, locations, page[0]?.status, ids[0], data, date, listed, existing, old, assets];
}
