/** A typed client for Dagster's GraphQL API: short methods, errors that say what to do, and lists that prove their end. */
export type {
  CallOptions as DagsterCallOptions,
  HeaderEntries,
  List,
  ListOptions,
  Page,
  Time,
  WaitOptions,
} from "@org/kit";
export { checkServer, type DagsterServerInfo } from "./check-server.ts";
export {
  createDagsterClient,
  type DagsterAnswer,
  type DagsterClient,
} from "./client.ts";
export type {
  DagsterAuth,
  DagsterAuthContext,
  DagsterClientOptions,
  DagsterFetch,
  DagsterRequestArguments,
} from "./client-options.ts";
export {
  type AnyDocument,
  type DataOf,
  type TypedDocument,
  TypedDocumentString,
  type VariablesOf,
} from "./document.ts";
export {
  type DagsterConfigError,
  DagsterError,
  type DagsterErrorCode,
  type DagsterErrorInit,
  type DagsterGraphQLError,
  DagsterNetworkError,
  type DagsterPythonError,
  DagsterResponseError,
  type DagsterResponseErrorInit,
  DagsterResultError,
  type DagsterResultErrorInit,
  type FailureType,
} from "./errors.ts";
export type { DagsterFetchOptions } from "./fetch-path.ts";
export type { KnownErrorTypename } from "./generated/error-typenames.ts";
export {
  type AssetCheckExecutionResolvedStatus as AssetCheckStatus,
  type AssetCheckSeverity,
  type BulkActionStatus as BackfillStatus,
  type DagsterEventType,
  type InstigationStatus,
  type InstigationTickStatus as TickStatus,
  type LogLevel,
  type ReexecutionStrategy,
  type RunStatus,
  type SensorType,
  type StepEventStatus as StepStatus,
  schemaVersion,
} from "./generated/operations.ts";
export { type ErrorOf, isErrorOf } from "./is-error-of.ts";
export * from "./methods/index.ts";
export type { DagsterExchange, DagsterMiddleware, DagsterRequest } from "./middleware.ts";
export type { Open } from "./open.ts";
export type { PythonProblem } from "./python-problem.ts";
export { type SubscribeOptions, subscribe } from "./subscribe.ts";
export { unwrap } from "./unwrap.ts";
export type { OptionalField, OptionalRunField } from "./without-fields.ts";
