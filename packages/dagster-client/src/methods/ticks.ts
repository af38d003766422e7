import type { CallOptions, List, ListOptions } from "@org/kit";
import type { InstigationTickStatus } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import type { Open } from "../open.ts";
import type { PythonProblem } from "../python-problem.ts";
import { pagedList } from "./lists.ts";

/** An evaluation of a schedule or sensor. Times are seconds since 1970. */
export interface Tick {
  readonly tickId: string;
  readonly status: Open<InstigationTickStatus>;
  readonly timestamp: number;
  readonly endTimestamp: number | null;
  /** The runs that it launched. */
  readonly runIds: readonly string[];
  /** The keys by which a sensor launches each run once. */
  readonly runKeys: readonly string[];
  readonly skipReason: string | null;
  /** Where a sensor continues. */
  readonly cursor: string | null;
  readonly error: PythonProblem | null;
}

/** Which ticks. */
export interface TicksOptions extends ListOptions {
  /** @default all */
  readonly statuses?: readonly InstigationTickStatus[] | undefined;
}

/** Requests the ticks of one schedule or sensor. */
export type AskTicks = (
  variables: { limit: number; before: number | undefined; statuses: readonly InstigationTickStatus[] | undefined },
  call: CallOptions,
) => Promise<readonly Tick[]>;

/**
 * Ticks, newest first: the next page ends before the time of this one's last tick. The server does not count them.
 *
 * @param begin looks up once per list what to request
 */
export function ticksOf(
  { statuses, ...part }: TicksOptions,
  call: CallOptions,
  begin: () => Promise<AskTicks>,
): List<Tick> {
  let asking: Promise<AskTicks> | undefined;
  return pagedList<Tick>(
    {
      what: "Dagster's ticks",
      // Several may have the same time; repeated ones are recognised by their content.
      keyOf: (tick) => JSON.stringify(tick),
      async ask({ pageToken, pageSize: limit }) {
        if (pageToken === undefined) asking = undefined;
        asking ??= begin();
        const before = pageToken === undefined ? undefined : Number(pageToken);
        const items = objectsIn(await (await asking)({ limit, before, statuses }, call), "ticks");
        // A short page is not necessarily the last: the server has its own limit.
        const last = items.at(-1)?.timestamp;
        return { items, nextPageToken: last === undefined ? null : String(last), total: null };
      },
    },
    part,
  );
}
