/** Plumbing that our packages share. It knows neither Airflow nor Dagster, and throws the errors that it is handed. */
export { type Body, defaultMaxResponseBytes, isResponseLimit, readBody } from "./body.ts";
export { eitherSignal, raceAbort, withDeadline } from "./deadline.ts";
export { type PollOptions, poll } from "./poll.ts";
export { retryAfterMs } from "./retry-after.ts";
export { sleep } from "./sleep.ts";
export { visible } from "./visible.ts";
