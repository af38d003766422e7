import { type List, listOf } from "@org/kit";
import type { DagsterRequestOptions } from "../client-options.ts";
import type { InstigationTickStatus, TickFragment } from "../generated/operations.ts";
import { objectsIn } from "../objects-in.ts";
import { createProgress } from "../progress.ts";

/** A time at which a schedule or a sensor was evaluated, in seconds since 1970, and what came of it. */
export type Tick = TickFragment;

export interface TicksOptions extends DagsterRequestOptions {
  /** @default all */
  readonly statuses?: readonly InstigationTickStatus[] | undefined;
  /** How many to ask for at a time. @default 100 */
  readonly pageSize?: number | undefined;
}

/** How the ticks of one are asked for. */
export type AskTicks = (
  variables: { limit: number; before: number | undefined; statuses: readonly InstigationTickStatus[] | undefined },
  call: DagsterRequestOptions,
) => Promise<readonly Tick[]>;

/** Ticks, the newest first: a page ends before the time of its last one. @param begin finds once what is asked for */
export function ticksOf(
  { statuses, pageSize: limit = 100, ...call }: TicksOptions,
  begin: () => Promise<AskTicks>,
): List<Tick, readonly Tick[]> {
  async function* pages(): AsyncGenerator<readonly Tick[], void, void> {
    const ask = await begin();
    const progress = createProgress("Dagster's ticks");
    for (let before: number | undefined; ; ) {
      const page = objectsIn(await ask({ limit, before, statuses }, call), "ticks");
      // A short page need not be the last: the server has a limit of its own.
      if (page.length === 0) return;
      // Some may have one time; one that comes again is known by all that it says.
      progress(page.map((tick) => JSON.stringify(tick)));
      yield page;
      before = page.at(-1)?.timestamp;
    }
  }
  return listOf(pages, (page) => page);
}
