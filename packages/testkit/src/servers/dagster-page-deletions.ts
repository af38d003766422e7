import type { DagsterServer } from "./dagster.ts";
import { deleteRuns } from "./dagster-deletions.ts";

interface Body {
  readonly query: string;
  readonly variables: { readonly pageToken?: string };
}
interface Answer {
  readonly data?: {
    readonly runs?: { readonly results?: readonly { readonly runId: string }[] };
    readonly runIds?: { readonly results?: readonly string[] };
  };
}

const listing = /query (RunsPage|RunIdsPage)\b/;

/** How often runs were deleted between two pages: only the run that the next page starts after, or more. */
export interface PageDeletions {
  readonly fetch: typeof fetch;
  readonly done: { pageToken: number; lastRows: number; wholePage: number };
  /** Waits for pending deletions. */
  finished(): Promise<void>;
}

/**
 * A `fetch` that deletes runs at the worst time: between two pages of a listing. Before the 2nd page, it deletes the run
 * that the page starts after; before the 4th, the last five runs; before the 6th, the whole previous page.
 *
 * @param most only deletes whole pages of at most this many rows, so that enough are left
 */
export function deletePages(server: DagsterServer, most = 60): PageDeletions {
  const done = { pageToken: 0, lastRows: 0, wholePage: 0 };
  let pages = 0;
  let last: readonly string[] = [];
  let deleting = Promise.resolve();
  const pageFetch: typeof fetch = async (input, init) => {
    const { query, variables } = JSON.parse(String(init?.body)) as Body;
    // If that took longer than the sync's deadline, it retries the request.
    await deleting;
    const isPage = listing.test(query) && variables.pageToken !== undefined;
    if (isPage && last.at(-1) === variables.pageToken) {
      pages += 1;
      if (pages === 2) await deleteSome(last.slice(-1), "pageToken");
      if (pages === 4) await deleteSome(last.slice(-5), "lastRows");
      if (pages === 6 && last.length <= most) await deleteSome(last, "wholePage");
    }
    const response = await fetch(input, init);
    if (listing.test(query)) {
      const { data } = (await response.clone().json()) as Answer;
      const ids = data?.runIds?.results ?? data?.runs?.results?.map(({ runId }) => runId) ?? [];
      // Checking that a run exists is a listing too, of that run alone.
      if (ids.length > 1) last = ids;
    }
    return response;
  };
  async function deleteSome(ids: readonly string[], what: keyof typeof done): Promise<void> {
    deleting = deleteRuns(server, ids, { mayBeGone: true });
    await deleting;
    done[what] += 1;
  }
  return { fetch: pageFetch, done, finished: () => deleting };
}
