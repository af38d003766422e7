/** Runs larger than a response may be: they are skipped, reported, and retried by each sync. */
import type { Run } from "@org/dagster-client";
import type { RowPage } from "@org/dagster-client/sync";
import { isTooLarge, type SourceContext } from "@org/sync-engine/source";

export interface LargeRuns {
  /** Those met by this sync: they exist on the server, and their stored version is not up to date. */
  readonly ids: ReadonlySet<string>;
  /** Reports a run, once. */
  add(id: string, cause: Error): void;
}

export function createLargeRuns({ emit }: Pick<SourceContext, "emit">): LargeRuns {
  const ids = new Set<string>();
  return {
    ids,
    add(id, cause) {
      if (ids.has(id)) return;
      ids.add(id);
      const message = `Run ${id} was skipped, because it is too large: ${cause.message.replace(/\.$/, "")}. The next sync retries it; everything else was synced.`;
      emit({ type: "problem", code: "ROW_TOO_LARGE", message });
    },
  };
}

type From = string | readonly string[] | undefined;

/**
 * The pages of a listing without the runs that are too large.
 *
 * @param pagesFrom the listing from a page token on
 * @param nextId the id of the next run: ids are never too large
 */
export async function* pagesAround(
  large: LargeRuns,
  begin: From,
  pagesFrom: (from: From) => AsyncIterable<RowPage<Run>>,
  nextId: (from: From) => Promise<string | undefined>,
): AsyncGenerator<RowPage<Run>, void, void> {
  for (let from = begin; ; ) {
    try {
      for await (const page of pagesFrom(from)) {
        yield page;
        from = page.pageToken;
      }
      return;
    } catch (error) {
      // The request was for the minimum, so it is the next run.
      const id = isTooLarge(error) ? await nextId(from) : undefined;
      if (id === undefined) throw error;
      large.add(id, error as Error);
      from = id;
    }
  }
}
