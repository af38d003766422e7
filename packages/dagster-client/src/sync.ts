/** What a sync of Dagster needs beside the client: its documents, and walks with a place for retries. */
export {
  type EventAsset,
  type EventAssets,
  type EventAssetsQuery,
  type EventAssetsVariables,
  eventAssetsQuery,
} from "./event-assets.ts";
export {
  DefinitionsDocument as definitionsDocument,
  type DefinitionsQuery as Definitions,
  type LatestMaterializationFragment as LatestMaterialization,
  RunChangesDocument as runChangesDocument,
  type RunChangesQuery as RunChanges,
  RunIdsPageDocument as runIdsPageDocument,
  type RunIdsPageQuery as RunIdsPage,
  type RunsFilter,
  RunsPageDocument as runsPageDocument,
  type RunsPageQuery as RunsPage,
  ServerVersionDocument as serverVersionDocument,
  type ServerVersionQuery as ServerVersion,
} from "./generated/operations.ts";
export {
  existingRunIds,
  type PageAnswer,
  type PageRequest,
  type PaginateRunsOptions,
  paginateRunIds,
  paginateRuns,
  runIdsFilter,
} from "./paginate-runs.ts";
export type { Page as RowPage } from "./walk.ts";
export { lackingRunFields, withoutFields } from "./without-fields.ts";
