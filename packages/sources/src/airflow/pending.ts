/**
 * Rows known to be missing from a table, as a single list in the stream's state. Rows that were read leave the list; the
 * others stay for the next sync.
 */
import type { OnUnreadable } from "./ask.ts";
import { dagScopes, runScopes } from "./doubts.ts";
import type { RunId } from "./keys.ts";
import type { AirflowScope } from "./scope.ts";

/**
 * Why rows are missing. `unlisted`: the server did not list the DAG, or the table has no rows of it. `unreadable`: a row
 * could not be read. `tries`: earlier attempts of a run could not be read. `changed`: a run changed in a way that may not
 * have updated its task instances' timestamps.
 */
export type Why = "unlisted" | "unreadable" | "tries" | "changed";

/** Rows to read, and why. The scope contains exactly what is missing, as far as is known. */
export type Pending = { readonly scope: AirflowScope; readonly why: Why };

/** Up to this many runs are listed individually. With more, their whole DAG is read. */
const MOST_RUNS = 1000;

export class PendingList {
  /** What was pending when the sync started, and was not read yet. */
  readonly #due: Map<string, Pending>;
  /** What this sync found. */
  readonly #found = new Map<string, Pending>();
  readonly #report: OnUnreadable;
  /** How many unreadable rows this sync found. */
  unreadable = 0;

  /** @param report receives every row that cannot be read */
  constructor(kept: readonly Pending[], report: OnUnreadable) {
    this.#due = new Map(kept.map((each) => [JSON.stringify(each), each]));
    this.#report = report;
  }

  /** Adds what this sync still has to read. */
  add(why: Why, scopes: readonly AirflowScope[]): void {
    for (const scope of scopes) this.#due.set(JSON.stringify({ scope, why }), { scope, why });
  }

  /** Adds what a later sync has to read, since this one could not. */
  keep(why: Why, scope: AirflowScope): void {
    this.#found.set(JSON.stringify({ scope, why }), { scope, why });
  }

  /** Reports an unreadable row, and keeps the smallest scope known to contain it. */
  readonly onUnreadable: OnUnreadable = (row) => {
    this.#report(row);
    if (!row.scope) return;
    this.unreadable += 1;
    this.keep("unreadable", row.scope);
  };

  /** What to read now, in few scopes. Once one was read, pass its entries to {@link read}. */
  due(isVisible: (scope: AirflowScope) => boolean): (Pending & { readonly of: readonly Pending[] })[] {
    const visible = [...this.#due.values()].filter(({ scope }) => isVisible(scope));
    const unlisted = new Set(visible.flatMap(({ scope, why }) => (why === "unlisted" ? (scope.dags ?? []) : [])));
    // Changes in a DAG that is read completely are included.
    const whyOf = ({ scope, why }: Pending) =>
      why === "changed" && scope.dags?.every((dag) => unlisted.has(dag)) ? "unlisted" : why;
    return [...Map.groupBy(visible, whyOf)].flatMap(([why, entries]) =>
      merged(entries).map((scope) => ({ scope, why, of: entries.filter((each) => isPart(each.scope, scope)) })),
    );
  }

  /** Removes what is pending for one reason, and returns it. */
  take(why: Why): readonly AirflowScope[] {
    const taken = this.list().filter((each) => each.why === why);
    this.forget(why);
    return taken.map(({ scope }) => scope);
  }

  /** Call it with entries that were read. */
  read(entries: readonly Pending[]): void {
    for (const entry of entries) this.#due.delete(JSON.stringify(entry));
  }

  /** Drops what is pending for one reason. */
  forget(why: Why): void {
    for (const list of [this.#due, this.#found]) {
      for (const [key, entry] of list) if (entry.why === why) list.delete(key);
    }
  }

  /** What a state has to contain. */
  list(): readonly Pending[] {
    const all = [...new Map([...this.#due, ...this.#found]).values()];
    const runs = all.filter(({ scope }) => scope.runs);
    if (runs.length <= MOST_RUNS) return all;
    const dags = runs.map(({ scope: { dags }, why }): Pending => ({ scope: { dags: dags! }, why }));
    const others = all.filter(({ scope }) => !scope.runs);
    return [...new Map([...others, ...dags].map((each) => [JSON.stringify(each), each])).values()];
  }
}

/** Runs, as scopes of one each. */
export function runScope({ dag_id, dag_run_id }: RunId): AirflowScope {
  return { dags: [dag_id], runs: [dag_run_id] };
}

/** The same in fewer scopes, if they name DAGs or runs. */
function merged(entries: readonly Pending[]): AirflowScope[] {
  const scopes = entries.map(({ scope }) => scope);
  const dags = scopes.filter((scope) => isOnly(scope, "dags"));
  const runs = scopes.filter((scope) => isOnly(scope, "dags", "runs"));
  const whole = new Set(dags.flatMap((scope) => scope.dags ?? []));
  return [
    ...dagScopes([...whole]),
    ...runScopes(runs.flatMap(runsIn).filter(({ dag_id }) => !whole.has(dag_id))),
    ...scopes.filter((scope) => !dags.includes(scope) && !runs.includes(scope)),
  ];
}

function runsIn({ dags = [], runs = [] }: AirflowScope): RunId[] {
  return dags.flatMap((dag_id) => runs.map((dag_run_id) => ({ dag_id, dag_run_id })));
}

function isOnly(scope: AirflowScope, ...names: (keyof AirflowScope)[]): boolean {
  return Object.keys(scope).length === names.length && names.every((name) => name in scope);
}

/** Whether a scope is part of one that it was merged into. */
function isPart(scope: AirflowScope, whole: AirflowScope): boolean {
  if (scope === whole) return true;
  const isIn = (name: "dags" | "runs") =>
    !whole[name] || (scope[name]?.every((id) => whole[name]?.includes(id)) ?? false);
  return Object.keys(whole).every((name) => name === "dags" || name === "runs") && isIn("dags") && isIn("runs");
}
