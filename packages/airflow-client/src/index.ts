export type { HeaderEntries, List, ListOptions, Page, Time, WaitOptions } from "@org/kit";
export type { AirflowAuth, AirflowAuthContext } from "./auth.ts";
export { astroAuth, composerAuth, type MwaaAuthOptions, type MwaaWebLoginToken, mwaaAuth } from "./auth-providers.ts";
export { type AirflowServerInfo, checkServer } from "./check-server.ts";
export {
  type AirflowClient,
  type AirflowClientOptions,
  type AirflowRequestOptions,
  createAirflowClient,
} from "./client.ts";
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
export type { AirflowCallOptions, ClientMethod, Result } from "./operations.ts";
export type { AirflowPage } from "./pages.ts";
export { type ListItem, type ListPath, type PaginateOptions, paginate } from "./paginate.ts";
export type { FetchFunction } from "./transport.ts";
export type * from "./types.ts";
