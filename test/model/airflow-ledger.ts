/** Records every version of every row that a simulated Airflow ever held, and when: all that a table may contain. */
import type { StoredValues, Table } from "@org/destination";
import type { AirflowWorld } from "@org/simulators/internal";
import { dagsTable, defaultAirflowTables, taskInstancesTable } from "@org/sources/airflow";
import type { Trace } from "./airflow-life.ts";

export const tables: readonly Table[] = defaultAirflowTables;

interface Entry {
  readonly dag: string;
  readonly run: string;
  /** Versions, with the last tick at which each was current. Infinite for the current one. */
  readonly versions: Map<string, number>;
  /** The current version. Undefined while the row is gone. */
  text: string | undefined;
  /** Ticks at which the row last appeared and disappeared. */
  bornAt: number;
  goneAt: number;
  /** How it disappeared. */
  trace: Trace;
  /** When its run is due, in ms since 1970. Infinite for a DAG. */
  dueAt: number;
  /** For an earlier attempt: when its run was due, which decides whether it may be left for later. Otherwise: never. */
  laterAt: number;
}

/** What a sync did and encountered, to judge its result. */
export interface Deed {
  readonly startedAt: number;
  readonly completed: boolean;
  readonly reconcile: boolean;
  /** DAGs that the user may not see. Their rows must not change. */
  readonly hidden: ReadonlySet<string>;
  /** Earlier attempts of runs before this time may be missing, in ms since 1970. `-Infinity`: none. */
  readonly outstanding: number;
  /** Where the tables' histories begin, in ms since 1970. Older rows may be missing, or not current. */
  readonly floors: Readonly<Record<string, number>>;
  /** Keys that were already marked as deleted. */
  readonly deleted: ReadonlySet<string>;
}

export class AirflowLedger {
  /** Incremented by every change to the world. */
  tick = 0;
  readonly #entries = new Map<string, Entry>();

  /** Records the world's current rows. */
  record(world: AirflowWorld, trace: Trace = "shown"): void {
    this.tick += 1;
    const rows = world.rows();
    const present = new Set<string>();
    for (const table of tables) {
      for (const row of rows[table.name as keyof typeof rows] as readonly StoredValues[]) {
        const key = keyOf(table, row);
        present.add(key);
        this.#hold(key, row, textOf(table, row));
      }
    }
    const runs = new Set<string>();
    for (const [key, entry] of this.#entries) {
      if (entry.text === undefined || present.has(key)) continue;
      entry.versions.set(entry.text, this.tick);
      entry.text = undefined;
      entry.goneAt = this.tick;
      entry.trace = trace;
      runs.add(entry.run);
    }
    if (trace === "dag") this.#hideEvents(world);
    if (trace === "shown") return;
    // Rows of the same runs that had disappeared unnoticed are now deleted with the rest.
    for (const entry of this.#entries.values()) {
      if (entry.text === undefined && runs.has(entry.run)) entry.trace = trace;
    }
  }

  /** Rows that disappeared without a trace while the user could not see their DAG. */
  forget(hidden: ReadonlySet<string>): void {
    for (const entry of this.#entries.values())
      if (entry.text === undefined && hidden.has(entry.dag)) entry.trace = "none";
  }

  /** What is wrong with the tables after a sync. */
  *judge(world: AirflowWorld, rowsOf: (table: string) => readonly StoredValues[], deed: Deed): Generator<string> {
    const { startedAt, completed, reconcile, hidden } = deed;
    const live = new Set<string>();
    for (const table of tables) {
      for (const row of rowsOf(table.name)) {
        const key = keyOf(table, row);
        const entry = this.#entries.get(key);
        const text = textOf(table, { ...row, ...(row.purged_at != null && { purged_at: null }) });
        const until = entry?.versions.get(text);
        if (!entry || until === undefined) {
          yield `invented: ${key} never was ${text}, but ${[...(entry?.versions.keys() ?? [])].join(" or ")}`;
          continue;
        }
        const isThere = entry.text !== undefined && entry.bornAt <= startedAt;
        if (row._deleted_at !== null || row.purged_at != null) {
          const wasBefore = deed.deleted.has(key);
          if (isThere && !wasBefore) yield `deleted, but there: ${key}`;
          const wentByItself = entry.text === undefined && entry.trace === "shown" && entry.goneAt <= startedAt;
          if (completed && wentByItself && !wasBefore && !hidden.has(entry.dag))
            yield `left over: ${key} was a placeholder`;
          continue;
        }
        live.add(key);
        if (entry.dueAt < (deed.floors[table.name] ?? Number.NEGATIVE_INFINITY)) continue;
        if (!completed || hidden.has(entry.dag)) continue;
        if (isThere && until <= startedAt) yield `stale: ${key} is ${text}, and was ${entry.text} since`;
        // If the user sees fewer DAGs than before, deleted DAGs are only looked for at a reconcile.
        const isAgain = table !== dagsTable && world.dags.has(entry.dag);
        const mayStay = entry.trace === "none" || (entry.trace === "dag" && (isAgain || hidden.size > 0));
        const isGone = entry.text === undefined && entry.goneAt <= startedAt;
        // A DAG that disappears or appears after the list was read is handled by the next sync or reconcile.
        const its = this.#entries.get(`${dagsTable.name} ${entry.dag}`);
        if (table !== dagsTable && its && Math.max(its.goneAt, its.bornAt) > startedAt) continue;
        // A reconcile counts task instances once, so a later deletion can cancel out an earlier one.
        if (table === taskInstancesTable && this.#wentMeanwhile(entry.dag, startedAt)) continue;
        if (isGone && (reconcile || !mayStay)) yield `ghost: ${key} went by ${entry.trace}`;
      }
    }
    if (!completed) return;
    for (const [key, { text, bornAt, dag, laterAt, dueAt }] of this.#entries) {
      if (dueAt < (deed.floors[key.split(" ", 1)[0]!] ?? Number.NEGATIVE_INFINITY)) continue;
      if (laterAt < deed.outstanding) continue;
      if (text !== undefined && bornAt <= startedAt && !live.has(key) && !hidden.has(dag))
        yield `missing: ${key} ${text}`;
    }
  }

  /** Whether a task instance of a DAG has disappeared since then. */
  #wentMeanwhile(dag: string, startedAt: number): boolean {
    return [...this.#entries].some(
      ([key, each]) =>
        each.dag === dag &&
        key.startsWith(taskInstancesTable.name) &&
        each.text === undefined &&
        each.bornAt <= startedAt &&
        each.goneAt > startedAt,
    );
  }

  /** The server does not show events of DAGs that it does not have. */
  #hideEvents(world: AirflowWorld): void {
    for (const entry of this.#entries.values()) {
      if (entry.trace === "event" && !world.dags.has(entry.dag)) entry.trace = "dag";
    }
  }

  #hold(key: string, row: StoredValues, text: string): void {
    const entry = this.#entries.get(key);
    if (!entry) {
      const dag = row.dag_id as string;
      const versions = new Map([[text, Number.POSITIVE_INFINITY]]);
      const run = `${dag} ${row.dag_run_id}`;
      this.#entries.set(key, {
        dag,
        run,
        versions,
        text,
        bornAt: this.tick,
        goneAt: 0,
        trace: "shown",
        dueAt: dueAt(row),
        laterAt: laterAt(row),
      });
      return;
    }
    if (entry.text === text) return;
    if (entry.text === undefined) entry.bornAt = this.tick;
    else entry.versions.set(entry.text, this.tick);
    entry.versions.set(text, Number.POSITIVE_INFINITY);
    entry.text = text;
    entry.dueAt = dueAt(row);
    entry.laterAt = laterAt(row);
  }
}

function dueAt({ run_after }: StoredValues): number {
  return typeof run_after === "string" ? Date.parse(run_after) : Number.POSITIVE_INFINITY;
}

function laterAt({ is_latest, run_after }: StoredValues): number {
  return is_latest === false ? Date.parse(run_after as string) : Number.POSITIVE_INFINITY;
}

export function keyOf(table: Table, row: StoredValues): string {
  return `${table.name} ${table.primaryKey.map((name) => row[name]).join(" ")}`;
}

function textOf(table: Table, row: StoredValues): string {
  return JSON.stringify(Object.keys(table.columns).map((name) => row[name]));
}
