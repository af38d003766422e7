import { eitherSignal, poll as pollKit, type WaitOptions } from "@org/kit";
import type { AirflowClient } from "../client.ts";
import { AirflowError } from "../errors.ts";
import type { AirflowCallOptions } from "../operations.ts";

/** Polls until there is a result, and continues after retryable errors. */
export function poll<Found>(
  client: AirflowClient,
  what: string,
  options: WaitOptions,
  call: AirflowCallOptions,
  ask: (call: AirflowCallOptions) => Promise<Found | undefined>,
): Promise<Found> {
  const signal = eitherSignal(client.signal, call.signal);
  return pollKit({
    what,
    options,
    signal,
    // Its own waits are what makes it try again.
    ask: () => ask({ ...call, signal, retries: 0 }),
    tooLate: (message, cause) => new AirflowError({ code: "DEADLINE_EXCEEDED", message, cause, retryable: true }),
  });
}
