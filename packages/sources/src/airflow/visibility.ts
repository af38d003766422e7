/** Which DAGs the user sees, and what became of those that the server does not list any more. */
import { SyncError } from "@org/sync-engine";
import type { SourceContext } from "@org/sync-engine/source";
import type { AirflowApi } from "./api.ts";
import type { ListedDags } from "./dag-list.ts";
import type { AirflowScope } from "./scope.ts";

/** More DAGs than this that the list lacks are asked for at a reconcile only: it is rather a role that sees less. */
const MOST_MISSING = 20;

export interface Visibility {
  /**
   * Whether the user may see all DAGs of a scope. What lies in a DAG that became invisible is not listed any more, and
   * must not be taken for gone.
   */
  isVisible(scope: AirflowScope): boolean;
  /**
   * Which of these DAGs the server no longer has. Those that it lists are there; the others are asked for, one by one,
   * unless this is no reconcile and they are many, or one of them is hidden. One that the user may not see is not gone.
   */
  gone(dags: readonly string[], reconcile: boolean): Promise<readonly string[]>;
  /**
   * Those of these DAGs that the server did not list. What changes in them meanwhile no window shows: they are read
   * whole once they are listed again.
   */
  unlisted(dags: readonly string[]): readonly string[];
  /**
   * To be called once rows of these DAGs did not come any more, and before they are taken for deleted.
   *
   * @throws an error where the user may not see one of them by now
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
        // Who sees less than before would be asked about at every sync, one by one.
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

/** A right was taken away while it was used: what it showed is not gone. */
function hiddenDag(dag: string): SyncError {
  return new SyncError(
    "UNSTEADY_SERVER",
    `The user lost the right to see ${dag} while it was read: nothing in it is taken for deleted. Sync again, and what the user still sees is synced.`,
    { retryable: true },
  );
}
