import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DagsterLocation, DagsterServer } from "./dagster.ts";

interface Result {
  readonly __typename: string;
  readonly message?: string;
}

/**
 * Deletes runs as a user does in the web interface.
 *
 * @param options.mayBeGone Whether a run may already be deleted. Default: false.
 */
export async function deleteRuns(
  server: DagsterServer,
  runIds: readonly string[],
  { mayBeGone = false } = {},
): Promise<void> {
  for (let start = 0; start < runIds.length; start += 10) {
    const ids = runIds.slice(start, start + 10);
    const declared = ids.map((_id, index) => `$r${index}: String!`).join(", ");
    const selected = ids.map((_id, index) => `r${index}: deleteRun(runId: $r${index}) { __typename }`).join(" ");
    const variables = Object.fromEntries(ids.map((id, index) => [`r${index}`, id]));
    const results = await server.query<Record<string, Result>>(`mutation(${declared}) { ${selected} }`, variables);
    for (const result of Object.values(results)) {
      if (mayBeGone && result.__typename === "RunNotFoundError") continue;
      expectType(result, "DeletePipelineRunSuccess");
    }
  }
}

/** Wipes assets' materializations. */
export async function wipeAssets(server: DagsterServer, paths: readonly (readonly string[])[]): Promise<void> {
  const { version } = await server.query<{ version: string }>("{ version }");
  const [argument, type, wiped] = version.startsWith("1.7.")
    ? ["assetKeys", "AssetKeyInput", paths.map((path) => ({ path }))]
    : ["assetPartitionRanges", "PartitionsByAssetSelector", paths.map((path) => ({ assetKey: { path } }))];
  const document = `mutation($wiped: [${type}!]!) { result: wipeAssets(${argument}: $wiped) { __typename } }`;
  expectType((await server.query<{ result: Result }>(document, { wiped })).result, "AssetWipeSuccess");
}

/** Reports a materialization outside any run. */
export async function materializeAsset(server: DagsterServer, path: readonly string[]): Promise<void> {
  const document = `mutation($event: ReportRunlessAssetEventsParams!) {
    result: reportRunlessAssetEvents(eventParams: $event) { __typename } }`;
  const event = { eventType: "ASSET_MATERIALIZATION", assetKey: { path } };
  expectType((await server.query<{ result: Result }>(document, { event })).result, "ReportRunlessAssetEventsSuccess");
}

/**
 * Edits a location's code, and reloads it.
 *
 * @throws If the code does not contain a text to remove.
 */
export async function takeOut(
  server: DagsterServer,
  location: DagsterLocation,
  texts: readonly (string | RegExp)[],
): Promise<void> {
  const file = join(server.home, "definitions", `${location}.py`);
  let code = await readFile(file, "utf8");
  for (const text of texts) {
    const less = code.replace(text, "");
    if (less === code) throw new Error(`${file} does not have ${text}.`);
    code = less;
  }
  await writeFile(file, code);
  await server.reloadLocation(location);
}

/** Removes a code location from the workspace. @returns the server without it, for the truth */
export async function removeLocation(server: DagsterServer, location: DagsterLocation): Promise<DagsterServer> {
  const file = join(server.home, "workspace.yaml");
  const lines = (await readFile(file, "utf8")).split("\n");
  await writeFile(file, lines.filter((line) => !line.includes(`location_name: ${location}`)).join("\n"));
  const { result } = await server.query<{ result: Result }>("mutation { result: reloadWorkspace { __typename } }");
  expectType(result, "Workspace");
  return { ...server, locations: server.locations.filter((name) => name !== location) };
}

function expectType(result: Result, type: string): void {
  if (result.__typename !== type) throw new Error(`Dagster returned ${result.__typename}: ${result.message ?? ""}`);
}
