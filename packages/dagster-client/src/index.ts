/** A typed client for Dagster's GraphQL API: documents, errors, and listings that prove their end. */
export { checkServer } from "./check-server.ts";
export {
  createDagsterClient,
  type DagsterAnswer,
  type DagsterClient,
} from "./client.ts";
export type {
  DagsterAuth,
  DagsterAuthContext,
  DagsterClientOptions,
  DagsterRequestArguments,
  DagsterRequestOptions,
} from "./client-options.ts";
export { type TypedDocument, TypedDocumentString } from "./document.ts";
export {
  type DagsterConfigError,
  DagsterError,
  type DagsterErrorCode,
  type DagsterErrorDetails,
  type DagsterGraphQLError,
  DagsterNetworkError,
  type DagsterPythonError,
  DagsterResponseError,
  DagsterResultError,
  type DagsterResultErrorDetails,
} from "./errors.ts";
export {
  type EventAsset,
  type EventAssets,
  type EventAssetsQuery,
  type EventAssetsVariables,
  eventAssetsQuery,
} from "./event-assets.ts";
export {
  type AssetNodeFragment as DagsterAssetNode,
  type BulkActionStatus as DagsterBackfillStatus,
  type DagsterEventType,
  DefinitionsDocument as definitionsDocument,
  type DefinitionsQuery as DagsterDefinitions,
  type ExecutionTag as DagsterTag,
  type InstigationStatus as DagsterInstigationStatus,
  type InstigationTickStatus as DagsterTickStatus,
  type LatestMaterializationFragment as DagsterMaterialization,
  type LogLevel as DagsterLogLevel,
  type PythonProblemFragment as DagsterPythonProblem,
  type ReexecutionStrategy as DagsterReexecutionStrategy,
  type RepositoryLocationLoadStatus as DagsterLoadStatus,
  RunChangesDocument as runChangesDocument,
  type RunChangesQuery as DagsterRunChanges,
  type RunFragment as DagsterRun,
  RunIdsPageDocument as runIdsPageDocument,
  type RunIdsPageQuery as DagsterRunIdsPage,
  type RunStatus as DagsterRunStatus,
  type RunsFilter as DagsterRunsFilter,
  RunsPageDocument as runsPageDocument,
  type RunsPageQuery as DagsterRunsPage,
  type ScheduleFragment as DagsterSchedule,
  type SensorFragment as DagsterSensor,
  type SensorType as DagsterSensorType,
  ServerVersionDocument as serverVersionDocument,
  type ServerVersionQuery as DagsterServerVersion,
  schemaVersion,
} from "./generated/operations.ts";
export * from "./methods/index.ts";
export type { DagsterExchange, DagsterMiddleware, DagsterMiddlewareRequest } from "./middleware.ts";
export {
  existingRunIds,
  type PageAnswer as DagsterPageAnswer,
  type PageRequest as DagsterPageRequest,
  type PaginateRunsOptions,
  paginateRunIds,
  paginateRuns,
  runIdsFilter,
} from "./paginate-runs.ts";
export { type SubscribeOptions, subscribe } from "./subscribe.ts";
export { unwrap } from "./unwrap.ts";
export type { Page as DagsterPage } from "./walk.ts";
export { lackingRunFields, type OptionalRunField, withoutFields } from "./without-fields.ts";
