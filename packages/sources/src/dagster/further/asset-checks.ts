import { batchOf, defineStream, type Position } from "@org/sync-engine/source";
import type { DagsterSync } from "../shared.ts";
import { assetCheckRow, assetChecksTable, type CheckExecution } from "../tables/asset-checks.ts";
import { assetId } from "../tables/assets.ts";
import { isSkipped } from "./ask-many.ts";

/** Executions per check that a sync requests at first: more than usually happen between two syncs. */
const FEW_EXECUTIONS = 5;
const MANY_EXECUTIONS = 100;

type ChecksState = {
  readonly position: Position | null;
  /** By asset and check: the id of the newest execution below which all have ended. */
  readonly ended: { readonly [check: string]: number };
};

interface Left {
  readonly path: readonly string[];
  readonly name: string;
  readonly cursor: string | undefined;
  readonly limit: number;
}

/**
 * The executions of the checks that loaded code locations define. Their ids grow, so each check is read from its newest
 * execution down to where all have ended.
 */
export const assetChecks = defineStream<DagsterSync, typeof assetChecksTable, ChecksState>({
  name: "asset_checks",
  table: assetChecksTable,
  revision: 1,
  isOptIn: true,
  needs: ["timestamp"],
  keeps: [{ why: "forgotten", datedBy: "timestamp", per: ["asset_id", "check_name"] }],
  async *read({ shared, streams, state: last }) {
    const { position } = await shared.before();
    const { checks = [] } = await shared.overview("asset_checks", streams);
    const ended = new Map(Object.entries(last?.ended ?? {}));
    const state = (position: Position | null): ChecksState => ({ position, ended: Object.fromEntries(ended) });
    const lowest = new Map<string, number>();

    let left: readonly Left[] = checks.flatMap(({ assetKey: { path }, found }) =>
      // Code that is too old to have checks.
      (found.__typename === "AssetChecks" ? found.checks : []).map(({ name }) => {
        const limit = ended.has(keyOf({ path, name })) ? FEW_EXECUTIONS : MANY_EXECUTIONS;
        return { path, name, cursor: undefined, limit };
      }),
    );
    while (left.length > 0) {
      const next: Left[] = [];
      for await (const answers of shared.further.checkExecutions(left)) {
        for (const { asked, item } of answers) {
          const key = keyOf(asked);
          lowest.set(key, lowestEnded(item, lowest.get(key)));
          const oldest = item.at(-1);
          const isDown = item.length < asked.limit || Number(oldest?.id) <= (ended.get(key) ?? 0);
          if (oldest && !isDown) next.push({ ...asked, cursor: oldest.id, limit: MANY_EXECUTIONS });
          else ended.set(key, Math.max(lowest.get(key) ?? 0, ended.get(key) ?? 0));
        }
        const upserts = answers.flatMap(({ asked, item }) =>
          item
            .filter((execution) => !isSkipped(execution))
            .map((execution) => assetCheckRow(asked.path, asked.name, execution)),
        );
        yield batchOf(assetChecksTable, { upserts, state: state(last?.position ?? null) });
      }
      left = next;
    }
    yield { state: state(position) };
  },
});

function keyOf({ path, name }: Pick<Left, "path" | "name">): string {
  return JSON.stringify([assetId(path), name]);
}

/** @param known the result for the page before, whose executions are newer */
function lowestEnded(page: readonly CheckExecution[], known: number | undefined): number {
  const open = page.filter(({ status }) => status === "IN_PROGRESS").map(({ id }) => Number(id) - 1);
  return Math.min(known ?? Number(page[0]?.id ?? 0), ...open);
}
