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

/** How often runs were deleted between two pages: only the one that the next page comes after, and more than that. */
export interface PageDeletions {
  readonly fetch: typeof fetch;
  readonly done: { pageToken: number; lastRows: number; wholePage: number };
  /** Waits for what is being deleted. */
  finished(): Promise<void>;
}

/**
 * A `fetch` that deletes runs exactly where a listing cannot bear it: after a page has come, and before the one after it
 * is asked for. At the 2nd page it is the run that the page comes after, at the 4th the last five, at the 6th all of the
 * page before.
 *
 * @param most pages whose rows are all deleted have at most this many rows, so that enough is left
 */
export function deletePages(server: DagsterServer, most = 60): PageDeletions {
  const done = { pageToken: 0, lastRows: 0, wholePage: 0 };
  let pages = 0;
  let last: readonly string[] = [];
  let deleting = Promise.resolve();
  const pageFetch: typeof fetch = async (input, init) => {
    const { query, variables } = JSON.parse(String(init?.body)) as Body;
    // Where that took longer than the sync waits for an answer, it asks again.
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
      // The proof that a run exists is a listing, too: of it alone.
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
