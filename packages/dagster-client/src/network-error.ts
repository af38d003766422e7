import { capitalized, networkFault, type Redact, redactError } from "@org/kit";
import { DagsterNetworkError } from "./errors.ts";

const server = "Dagster's webserver";

/** Whether a connection ended before a response started: what happens if the server closed it while it was idle. */
export function isLostConnection(error: unknown): boolean {
  return networkFault(error, server).code === "CONNECTION_LOST";
}

/** The error for a request without a complete response. */
export function toNetworkError(error: unknown, request: string, redact: Redact): DagsterNetworkError {
  const { code, said, what, advice, retryable } = networkFault(error, server);
  const means = what ? ` ${capitalized(what)}${advice ? `: ${advice}` : "."}` : "";
  return new DagsterNetworkError({
    code,
    message: `The Dagster ${request} got no response: ${redact(said)}.${means}`,
    retryable,
    cause: redactError(error, redact),
  });
}
