/** What a sync of Dagster needs beside the client: its documents, and walks with a place for retries. */
export {
  type EventAsset,
  type EventAssets,
  type EventAssetsQuery,
  type EventAssetsVariables,
  eventAssetsQuery,
} from "./event-assets.ts";
export {
  AssetCheckExecutionsDocument as assetCheckExecutionsDocument,
  type AssetCheckExecutionsQuery as AssetCheckExecutionsAnswer,
  type AssetEdgesFragment as DefinedAssetEdges,
  type AssetEventFragment as AssetEvent,
  AssetEventsByTimeDocument as assetEventsByTimeDocument,
  AssetEventsDocument as assetEventsDocument,
  type AssetNodeFragment as DefinedAsset,
  BackfillByIdDocument as backfillByIdDocument,
  type BackfillDetailsFragment as BackfillDetails,
  BackfillsPageDocument as backfillsPageDocument,
  type CodeLocationEntryFragment as CodeLocationEntry,
  type ConcurrencyLimitFragment as ConcurrencyPool,
  type DaemonStatusFragment as DaemonStatus,
  DefinitionsDocument as definitionsDocument,
  type DefinitionsQuery as DefinitionsAnswer,
  InstigatorTicksDocument as instigatorTicksDocument,
  LatestAssetEventsDocument as latestAssetEventsDocument,
  type LatestMaterializationFragment as LatestMaterialization,
  OverviewDocument as overviewDocument,
  type OverviewQuery as OverviewAnswer,
  type OverviewQueryVariables as OverviewParts,
  RunChangesDocument as runChangesDocument,
  type RunChangesQuery as RunChangesAnswer,
  RunIdsPageDocument as runIdsPageDocument,
  type RunIdsPageQuery as RunIdsPageAnswer,
  type RunsFilter,
  RunsPageDocument as runsPageDocument,
  type RunsPageQuery as RunsPageAnswer,
  RunsStepsDocument as runsStepsDocument,
  type RunsStepsQuery as RunsStepsAnswer,
  type ScheduleFragment as DefinedSchedule,
  type SensorFragment as DefinedSensor,
  ServerVersionDocument as serverVersionDocument,
  type ServerVersionQuery as ServerVersionAnswer,
  type TickFragment as InstigatorTick,
} from "./generated/operations.ts";
export { metadataOf } from "./methods/metadata.ts";
export {
  existingRunIds,
  type PageAnswer,
  type PageRequest,
  type PaginateRunsOptions,
  paginateRunIds,
  paginateRuns,
  runIdsFilter,
} from "./paginate-runs.ts";
export { type RepeatedQuery, repeatedQuery } from "./repeated-query.ts";
export type { Page as RowPage } from "./walk.ts";
export { lackingFields, lackingRunFields, type OptionalField, withoutFields } from "./without-fields.ts";
