/** Which DAGs the user can see, and what happened to those that the server no longer lists. */
import { SyncError } from "@org/sync-engine";
import type { SourceContext } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import type { ListedDags } from "./dag-list.ts";
import type { AirflowScope } from "./scope.ts";

/**
 * If more DAGs than this are missing from the list, they are checked only at a reconcile: it is probably a role with
 * fewer permissions.
 */
const MOST_MISSING = 20;

export interface Visibility {
  /**
   * Whether the user may see all DAGs of a scope. Rows of a DAG that became invisible are no longer listed, and must
   * not count as deleted.
   */
  isVisible(scope: AirflowScope): boolean;
  /**
   * Which of these DAGs the server no longer has. Listed ones exist; the others are requested one by one, unless this
   * is not a reconcile and there are many of them, or one of them is hidden. A DAG that the user may not see is not
   * deleted.
   */
  gone(dags: readonly string[], reconcile: boolean): Promise<readonly string[]>;
  /**
   * The ones among these DAGs that the server did not list. No window shows their changes: they are read completely
   * once they are listed again.
   */
  unlisted(dags: readonly string[]): readonly string[];
  /**
   * Call it when rows of these DAGs are missing, and before they count as deleted.
   *
   * @throws an error if the user can no longer see one of them
   */
  expectVisible(dags: readonly string[]): Promise<void>;
}

export function createVisibility(
  api: AirflowApi,
  listedDags: () => Promise<ListedDags>,
  { emit }: SourceContext,
): Visibility & { readonly list: (listed: ListedDags) => void } {
  let visible: ReadonlySet<string> = new Set();
  const presences = new Map<string, "there" | "gone" | "hidden">();
  let saidHidden = false;
  const sayHidden = (dags: readonly string[], isKnown: boolean) => {
    if (saidHidden || dags.length === 0) return;
    saidHidden = true;
    const [some, more] = [dags.slice(0, 10).join(", "), dags.length > 10 ? ` and ${dags.length - 10} more` : ""];
    const why = isKnown ? "this user may no longer see them" : "this user sees less than before, or they were deleted";
    const message = `The server no longer lists these DAGs: ${some}${more}: ${why}. Their rows stay as they are.`;
    emit({ type: "notice", code: "DAGS_HIDDEN", message });
  };
  return {
    list({ dags }) {
      visible = new Set(dags.map(({ dag_id }) => dag_id));
    },
    isVisible: ({ dags }) => dags?.every((dag) => visible.has(dag)) ?? true,
    async gone(dags, reconcile) {
      await listedDags();
      const missing = [...new Set(dags)].filter((dag) => !visible.has(dag));
      if (missing.length > MOST_MISSING && !reconcile) {
        sayHidden(missing, false);
        return [];
      }
      for (const dag of missing) {
        if (!presences.has(dag)) presences.set(dag, await api.presence(dag));
        // Otherwise a role with fewer permissions would cause a request per DAG at every sync.
        if (!reconcile && presences.get(dag) === "hidden") break;
      }
      const hidden = missing.filter((dag) => presences.get(dag) === "hidden");
      sayHidden(hidden, true);
      return missing.filter((dag) => presences.get(dag) === "gone");
    },
    unlisted: (dags) => dags.filter((dag) => !visible.has(dag)),
    async expectVisible(dags) {
      for (const dag of new Set(dags)) if ((await api.presence(dag)) === "hidden") throw hiddenDag(dag);
    },
  };
}

/** A permission was revoked while it was used: what it showed is not deleted. */
function hiddenDag(dag: string): SyncError {
  return new SyncError(
    "UNSTEADY_SERVER",
    `The user lost the right to see ${dag} while it was read: nothing in it is taken for deleted. Sync again, and what the user still sees is synced.`,
    { retryable: true },
  );
}
