import { type PagedList as List, listOf } from "@org/kit";
import type { DagsterRequestOptions } from "../client-options.ts";
import type { InstigationTickStatus, TickFragment } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { createProgress } from "../progress.ts";

/** An evaluation of a schedule or sensor: its time, in seconds since 1970, and its result. */
export type Tick = TickFragment;

export interface TicksOptions extends DagsterRequestOptions {
  /** @default all */
  readonly statuses?: readonly InstigationTickStatus[] | undefined;
  /** Ticks per request. @default 100 */
  readonly pageSize?: number | undefined;
}

/** Requests the ticks of one schedule or sensor. */
export type AskTicks = (
  variables: { limit: number; before: number | undefined; statuses: readonly InstigationTickStatus[] | undefined },
  call: DagsterRequestOptions,
) => Promise<readonly Tick[]>;

/**
 * Ticks, newest first: the next page ends before the time of this one's last tick. @param begin looks up once what to
 * request
 */
export function ticksOf(
  { statuses, pageSize: limit = 100, ...call }: TicksOptions,
  begin: () => Promise<AskTicks>,
): List<Tick, readonly Tick[]> {
  async function* pages(): AsyncGenerator<readonly Tick[], void, void> {
    const ask = await begin();
    const progress = createProgress("Dagster's ticks");
    for (let before: number | undefined; ; ) {
      const page = objectsIn(await ask({ limit, before, statuses }, call), "ticks");
      // A short page is not necessarily the last: the server has its own limit.
      if (page.length === 0) return;
      // Several may have the same time; repeated ones are recognised by their content.
      progress(page.map((tick) => JSON.stringify(tick)));
      yield page;
      before = page.at(-1)?.timestamp;
    }
  }
  return listOf(pages, (page) => page);
}
