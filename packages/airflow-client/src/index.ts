export type { AirflowAuth, TokenContext } from "./auth.ts";
export { astroAuth, composerAuth, type MwaaAuthOptions, type MwaaWebLoginToken, mwaaAuth } from "./auth-providers.ts";
export { checkServer, type ServerInfo } from "./check-server.ts";
export { type AirflowClient, type AirflowClientOptions, createAirflowClient, type RequestOptions } from "./client.ts";
export {
  AirflowAuthError,
  AirflowError,
  type AirflowErrorCode,
  type AirflowErrorInit,
  AirflowNetworkError,
  AirflowResponseError,
  type AirflowResponseErrorInit,
  type FailureType,
} from "./errors.ts";
export type { components, operations, paths } from "./generated/schema.ts";
export { isErrorOf, type OperationError } from "./is-error-of.ts";
export * from "./methods/index.ts";
export type { AirflowExchange, AirflowMiddleware, AirflowRequest } from "./middleware.ts";
export type { CallOptions, ClientMethod, Result } from "./operations.ts";
export { type ListItem, type ListPath, type Page, type PaginateOptions, paginate } from "./paginate.ts";
export type { FetchFunction } from "./transport.ts";
export type {
  Dag,
  DagDetails,
  DagRun,
  DagRunList,
  DagRunListBody,
  DagStats,
  DagVersion,
  EventLog,
  TaskInstance,
  TaskInstanceAttempt,
  TaskInstanceList,
  TaskInstanceListBody,
} from "./types.ts";
