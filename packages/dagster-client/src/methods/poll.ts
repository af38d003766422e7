import { eitherSignal, type PollOptions, poll as pollKit } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import type { DagsterRequestOptions } from "../client-options.ts";
import { DagsterError } from "../errors.ts";

/** Polls until there is a result, and continues after retryable errors. */
export function poll<Found>(
  client: DagsterClient,
  what: string,
  options: PollOptions,
  ask: (call: DagsterRequestOptions) => Promise<Found | undefined>,
): Promise<Found> {
  const signal = eitherSignal(client.signal, options.signal);
  return pollKit({
    what,
    options,
    signal,
    ask: () => ask({ signal, timeoutMs: options.timeoutMs }),
    tooLate: (message, cause) => new DagsterError(message, { code: "DEADLINE_EXCEEDED", cause }),
  });
}
