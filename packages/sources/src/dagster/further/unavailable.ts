import { DagsterError, DagsterResponseError } from "@org/dagster-client";
import type { Stream } from "@org/sync-engine/source";
import type { DagsterSync } from "../shared.ts";

/** How GraphQL servers say that their schema lacks something. */
const LACKING = /Cannot query field|Unknown (argument|type)/;

/** Whether the user may not ask for something, or the server does not have it. */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof DagsterError)) return false;
  if (error.code === "FORBIDDEN" || error.code === "SERVER_TOO_OLD") return true;
  return error instanceof DagsterResponseError && error.errors.some(({ message }) => LACKING.test(message));
}

/**
 * The same stream, for a user who may not send one of its requests, or a server without it: it stops there with a
 * notice. What it has stays, and its state is still true, so it continues once it may. Without the definitions, which
 * all streams need, it fails.
 */
export function optional(stream: Stream<DagsterSync>): Stream<DagsterSync> {
  const read: Stream<DagsterSync>["read"] = async function* (context) {
    try {
      yield* stream.read(context);
    } catch (error) {
      const isKnown = await context.shared.before().then(
        () => true,
        () => false,
      );
      if (!isKnown || !isUnavailable(error)) throw error;
      const why = (error as Error).message.replace(/\.$/, "");
      const message = `What ${stream.name} needs cannot be read: ${why}. Its table stays as it is.`;
      context.emit({ type: "notice", code: "LIST_UNAVAILABLE", message });
    }
  };
  return { ...stream, read };
}
