/** Every version of every row that a simulated Airflow ever held, and when: what a table may hold at all. */
import type { StoredValues, Table } from "@org/destination";
import type { AirflowWorld } from "@org/simulators/internal";
import { airflowTables, dagsTable, taskInstancesTable } from "@org/sources/airflow";
import type { Trace } from "./airflow-life.ts";

export const tables: readonly Table[] = airflowTables;

interface Entry {
  readonly dag: string;
  readonly run: string;
  /** Versions, and the tick at which each was held last; the present one's is infinite. */
  readonly versions: Map<string, number>;
  /** The present version; undefined while the row is gone. */
  text: string | undefined;
  /** Ticks at which the row last came and went. */
  bornAt: number;
  goneAt: number;
  /** How it went. */
  trace: Trace;
  /** Of an earlier attempt: when its run was due, by which it may be left for later; else never. */
  laterAt: number;
}

/** What a sync did and met, for the judgement of what it left. */
export interface Deed {
  readonly startedAt: number;
  readonly completed: boolean;
  readonly reconcile: boolean;
  /** DAGs that the user may not see: their rows stay as they are. */
  readonly hidden: ReadonlySet<string>;
  /** Earlier attempts of runs before this time may be missing, ms since 1970; `-Infinity`: none may. */
  readonly outstanding: number;
  /** Keys that were marked deleted before. */
  readonly deleted: ReadonlySet<string>;
}

export class AirflowLedger {
  /** Rises with everything that happens to the world. */
  tick = 0;
  readonly #entries = new Map<string, Entry>();

  /** Writes down what the world holds now. */
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
    // What had gone of the same runs before, and was not seen to go, goes with the rest.
    for (const entry of this.#entries.values()) {
      if (entry.text === undefined && runs.has(entry.run)) entry.trace = trace;
    }
  }

  /** What went without a trace for a user who did not see its DAG. */
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
        if (!completed || hidden.has(entry.dag)) continue;
        if (isThere && until <= startedAt) yield `stale: ${key} is ${text}, and was ${entry.text} since`;
        // Where the user sees less than before, DAGs that are gone are looked for at a reconcile only.
        const isAgain = table !== dagsTable && world.dags.has(entry.dag);
        const mayStay = entry.trace === "none" || (entry.trace === "dag" && (isAgain || hidden.size > 0));
        const isGone = entry.text === undefined && entry.goneAt <= startedAt;
        // A DAG that goes or comes after the list was read is not what it says: the next sync, or reconcile, knows.
        const its = this.#entries.get(`${dagsTable.name} ${entry.dag}`);
        if (table !== dagsTable && its && Math.max(its.goneAt, its.bornAt) > startedAt) continue;
        // Task instances are counted once in a reconcile: one that went after it makes up for one that went before.
        if (table === taskInstancesTable && this.#wentMeanwhile(entry.dag, startedAt)) continue;
        if (isGone && (reconcile || !mayStay)) yield `ghost: ${key} went by ${entry.trace}`;
      }
    }
    if (!completed) return;
    for (const [key, { text, bornAt, dag, laterAt }] of this.#entries) {
      if (laterAt < deed.outstanding) continue;
      if (text !== undefined && bornAt <= startedAt && !live.has(key) && !hidden.has(dag))
        yield `missing: ${key} ${text}`;
    }
  }

  /** Whether a task instance of a DAG went since, that was there before. */
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

  /** The server shows no events of DAGs that it does not have. */
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
        laterAt: laterAt(row),
      });
      return;
    }
    if (entry.text === text) return;
    if (entry.text === undefined) entry.bornAt = this.tick;
    else entry.versions.set(entry.text, this.tick);
    entry.versions.set(text, Number.POSITIVE_INFINITY);
    entry.text = text;
    entry.laterAt = laterAt(row);
  }
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
