import type { DagsterClient, Run } from "@org/dagster-client";
import { type PaginateRunsOptions, paginateRunIds, paginateRuns, type RowPage } from "@org/dagster-client/sync";
import type { AnswerSize, SourceContext } from "@org/sync-engine/source";
import { type LargeRuns, pagesAround } from "./large-runs.ts";

/** Selects runs. */
export type PagesOptions = Pick<PaginateRunsOptions, "filter" | "from" | "trustShortPage">;

/**
 * Runs by insertion, newest first, page by page, to a proven end; runs that are too large are skipped.
 *
 * @param options.size the maximum number of runs in a response, besides `pageSize`
 * @param options.check validates the rows of a response
 */
export function runPages(
  client: DagsterClient,
  {
    size,
    request,
    check,
    large,
    ...listing
  }: PagesOptions &
    Pick<SourceContext, "request" | "signal"> & {
      readonly pageSize: number;
      readonly size: AnswerSize;
      readonly check: (rows: readonly (Run | string)[]) => void;
      readonly large: LargeRuns;
    },
): AsyncGenerator<RowPage<Run>, void, void> {
  const attempt: PaginateRunsOptions["attempt"] = (page) =>
    size.fit(
      listing.pageSize,
      (limit, { maxResponseBytes, ...options }) => {
        const asked = async (signal: AbortSignal) => {
          const answer = await page(signal, limit, maxResponseBytes);
          check(answer.rows as readonly (Run | string)[]);
          return answer;
        };
        return request("runs", asked, options);
      },
      { weigh: ({ rows, bytes }) => ({ rows: rows.length, bytes }) },
    );
  const nextId = async (from: PagesOptions["from"]) => {
    const one: PaginateRunsOptions["attempt"] = (page) => request("ids of runs", (signal) => page(signal));
    const ids = paginateRunIds(client, { ...listing, from, pageSize: 1, attempt: one });
    const first = await ids.next();
    return first.value?.rows[0];
  };
  return pagesAround(large, listing.from, (from) => paginateRuns(client, { ...listing, from, attempt }), nextId);
}
