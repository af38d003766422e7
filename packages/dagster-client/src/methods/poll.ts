import { type CallOptions, eitherSignal, poll as pollKit, type WaitOptions } from "@org/kit";
import type { DagsterClient } from "../client.ts";
import { DagsterError } from "../errors.ts";

/** Polls until there is a result, and continues after retryable errors. */
export function poll<Found>(
  client: DagsterClient,
  what: string,
  options: WaitOptions,
  call: CallOptions,
  ask: (call: CallOptions) => Promise<Found | undefined>,
): Promise<Found> {
  return pollKit({
    what,
    options,
    signal: eitherSignal(client.signal, call.signal),
    // Its own waits are what makes it try again.
    ask: () => ask({ ...call, retries: 0 }),
    tooLate: (message, cause) => new DagsterError({ code: "DEADLINE_EXCEEDED", message, retryable: true, cause }),
  });
}
