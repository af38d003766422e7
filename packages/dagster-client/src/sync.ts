/** What a sync of Dagster needs beside the client: its documents, and walks with a place for retries. */
export {
  type EventAsset,
  type EventAssets,
  type EventAssetsQuery,
  type EventAssetsVariables,
  eventAssetsQuery,
} from "./event-assets.ts";
export {
  type AssetNodeFragment as DefinedAsset,
  DefinitionsDocument as definitionsDocument,
  type DefinitionsQuery as DefinitionsAnswer,
  type LatestMaterializationFragment as LatestMaterialization,
  RunChangesDocument as runChangesDocument,
  type RunChangesQuery as RunChangesAnswer,
  RunIdsPageDocument as runIdsPageDocument,
  type RunIdsPageQuery as RunIdsPageAnswer,
  type RunsFilter,
  RunsPageDocument as runsPageDocument,
  type RunsPageQuery as RunsPageAnswer,
  type ScheduleFragment as DefinedSchedule,
  type SensorFragment as DefinedSensor,
  ServerVersionDocument as serverVersionDocument,
  type ServerVersionQuery as ServerVersionAnswer,
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
