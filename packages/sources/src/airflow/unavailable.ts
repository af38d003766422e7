import type { Stream } from "@org/sync-engine/source";
import { isForbidden, isUnknownAddress } from "./server-errors.ts";
import type { AirflowSync } from "./shared.ts";

/**
 * The same stream, for a user who may not send one of its requests, or a server without it: it stops there with a
 * notice. What it has stays, and its state is still true, so it continues once it may.
 *
 * The list of DAGs is no such request: without it, nothing says that this is a user of an Airflow at all.
 */
export function optional(stream: Stream<AirflowSync>): Stream<AirflowSync> {
  const read: Stream<AirflowSync>["read"] = async function* (context) {
    try {
      yield* stream.read(context);
    } catch (error) {
      if (!isForbidden(error) && !isUnknownAddress(error)) throw error;
      const { dags } = await context.shared.listedDags().catch(() => ({ dags: undefined }));
      if (!dags) throw error;
      context.shared.onUnavailable(stream.name, error as Error);
    }
  };
  return { ...stream, read };
}
