import { capitalized, networkFault, type Redact, redactError } from "@org/kit";
import { AirflowNetworkError } from "./errors.ts";

/**
 * Converts a rejection of fetch, or of reading a body, to a typed error.
 *
 * @param call the attempted call, for the message: `GET http://host/api/v2/dags`
 */
export function networkError(call: string, error: unknown, redact: Redact): AirflowNetworkError {
  const { code, systemCode, said, what = said, advice, retryable } = networkFault(error, "the Airflow API server");
  const advise = advice ? `. ${capitalized(advice)}` : "";
  const message = redact(`${call} failed: ${what}${advise}${systemCode ? ` (${systemCode})` : ""}.`);
  return new AirflowNetworkError({ code, message, retryable, cause: redactError(error, redact) });
}

/** The error for a call that timed out. */
export function timeoutError(call: string, timeoutMs: number): AirflowNetworkError {
  return new AirflowNetworkError({
    code: "TIMEOUT",
    message: `${call} was not complete after ${timeoutMs} ms. Try a smaller page (limit), or allow more time with timeoutMs.`,
    retryable: true,
  });
}
