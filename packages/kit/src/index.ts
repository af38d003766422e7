/** Plumbing that our packages share. It knows neither Airflow nor Dagster, and throws the errors that it is given. */
export { type Body, checkResponseLimit, defaultMaxResponseBytes, readBody } from "./body.ts";
export type { CallOptions } from "./call-options.ts";
export { eitherSignal, raceAbort, withDeadline } from "./deadline.ts";
export { readLines } from "./lines.ts";
export {
  createList,
  type List,
  type ListOptions,
  type ListSource,
  listOfPages,
  type Page,
  type PageRequest,
} from "./list.ts";
export { type Middleware, through } from "./middleware.ts";
export { type NetworkFault, type NetworkFaultCode, networkFault } from "./network-fault.ts";
export {
  checkHeaders,
  checkTimeout,
  checkWhole,
  type HeaderEntries,
  type Invalid,
  longestHeader,
} from "./options.ts";
export { poll, type WaitOptions } from "./poll.ts";
export { createProgress, type Progress } from "./progress.ts";
export { createRedact, type Redact, redactBody, redactError, redactValue, secretsIn } from "./redact.ts";
export { type Retrying, retrying } from "./retry.ts";
export { retryAfterMs } from "./retry-after.ts";
export { createSharedToken, type SharedToken } from "./shared-token.ts";
export { shown } from "./shown.ts";
export { sleep } from "./sleep.ts";
export { capitalized, cut, isRecord } from "./text.ts";
export { type Time, zonedTime } from "./time.ts";
export { toError } from "./to-error.ts";
export { visible } from "./visible.ts";
