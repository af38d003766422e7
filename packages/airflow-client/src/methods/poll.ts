import { eitherSignal, type PollOptions, poll as pollKit } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import type { CallOptions } from "../operations.ts";

/** Polls until there is a result, and continues after retryable errors. */
export function poll<Found>(
  client: AirflowClient,
  what: string,
  options: PollOptions,
  ask: (call: CallOptions) => Promise<Found | undefined>,
): Promise<Found> {
  const signal = eitherSignal(client.signal, options.signal);
  return pollKit({
    what,
    options,
    signal,
    ask: () => ask({ signal, timeoutMs: options.timeoutMs }),
    tooLate: (message, cause) => new AirflowError({ code: "DEADLINE_EXCEEDED", message, cause }),
  });
}
