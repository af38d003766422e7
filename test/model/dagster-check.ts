/** The invariants of a Dagster's tables. */
import { formatSix, type SimulatedDagsterRun } from "@org/simulators/internal";
import { defaultDagsterTables } from "@org/sources/dagster";
import { sorted } from "./dagster-ledger.ts";
import type { DagsterLife } from "./dagster-life.ts";

export type StoredValues = Readonly<Record<string, unknown>>;
/** The rows of the four tables by key, including deleted ones. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, StoredValues>>;

export const tableNames = defaultDagsterTables.map(({ name }) => name);
const finals: ReadonlySet<unknown> = new Set(["SUCCESS", "FAILURE", "CANCELED"]);

/** At any time, even after a crash: no row that never existed, and no existing row marked as deleted. */
export function neverWrong(life: DagsterLife, tables: Tables): string[] {
  const found: string[] = [];
  for (const [table, rows] of tables) {
    for (const [key, row] of rows) {
      if (isDeleted(row)) {
        if (table === "dagster_runs" && life.world.runs.has(key))
          found.push(`run ${key} is there, and marked as deleted`);
        continue;
      }
      const { wrong } = life.ledger.judge(table, table === "dagster_runs" ? row : content(row));
      if (wrong) found.push(`invented: ${wrong}`);
    }
  }
  return found;
}

/** The situation at the start of a sync. */
export interface Start {
  readonly tick: number;
  readonly runs: ReadonlySet<string>;
  readonly reconcile: boolean;
  readonly isPromised: IsPromised;
  /** Whether a run's row may be older than the sync. */
  readonly mayBeStale: IsPromised;
}

/** Whether the table must hold a run: see dagster-limit.ts. */
type IsPromised = (run: SimulatedDagsterRun) => boolean;

/**
 * After a complete sync, whatever happened during it: all runs from before it, none in a version older than its start, and
 * after a reconcile none that was deleted before it.
 */
export function asOfStart(life: DagsterLife, tables: Tables, start: Start): string[] {
  const found: string[] = [];
  const rows = tables.get("dagster_runs")!;
  for (const id of start.runs) {
    const run = life.world.runs.get(id);
    const row = rows.get(id);
    if (!run || (row ? start.mayBeStale(run) : !start.isPromised(run))) continue;
    if (!row || isDeleted(row)) found.push(`missing: run ${id}`);
    else if (
      !life.ledger.isUnproven &&
      !life.ledger.mayBeLate(id) &&
      (life.ledger.judge("dagster_runs", row).lastHeld ?? 0) <= start.tick
    )
      found.push(`stale: run ${id} is as it was before the sync: ${JSON.stringify(content(row))}`);
  }
  for (const [id, row] of start.reconcile ? rows : []) {
    if (!isDeleted(row) && !life.world.runs.has(id) && !start.runs.has(id) && life.ledger.isOlder(id, start.tick))
      found.push(`deleted before the sync, and not marked by its reconcile: run ${id}`);
  }
  return found;
}

/** After an undisturbed sync: the tables hold what the API shows, and after a reconcile no other run. */
export function asShown(
  life: DagsterLife,
  before: Tables,
  tables: Tables,
  how: Pick<Start, "reconcile" | "isPromised" | "mayBeStale">,
) {
  life.ledger.zoneSeen(life.world);
  return [...runs(life, tables, how), ...definitions(life, before, tables)];
}

function runs(
  life: DagsterLife,
  tables: Tables,
  { reconcile, isPromised, mayBeStale }: Pick<Start, "reconcile" | "isPromised" | "mayBeStale">,
): string[] {
  const { world, ledger, version } = life;
  const found: string[] = [];
  const rows = tables.get("dagster_runs")!;
  for (const run of world.runs.values()) {
    const row = rows.get(run.runId);
    if (row ? mayBeStale(run) : !isPromised(run)) continue;
    if (!row || isDeleted(row)) {
      found.push(`missing: run ${run.runId}`);
      continue;
    }
    const [stored, wanted] = [ledger.runTextOf(row), ledger.currentRunText(run.runId)];
    const isSame = stored === wanted;
    if (!isSame && !ledger.mayBeLate(run.runId) && !(ledger.isUnproven && finals.has(row.status)))
      found.push(`stale: run ${run.runId} is ${stored}, not ${wanted}`);
    // A single offset corrects rows from before and after a change of time zone: see docs/limits.md.
    const zones = ledger.hasMoved || !ledger.isZoneProven ? [...ledger.zones] : [run.updateOffset];
    const isOneOf = (time: unknown, instant: number, offset: number) =>
      zones.some((zone) => formatSix(instant + offset - zone) === time);
    if (isSame && !isOneOf(row.update_time, run.updateTime, run.updateOffset))
      found.push(`update_time of run ${run.runId} is ${row.update_time}, not ${formatSix(run.updateTime)}`);
    const isUntold = version === "1.7.10" && row.creation_time === null;
    if (!isUntold && !isOneOf(row.creation_time, run.creationTime, run.creationOffset))
      found.push(`creation_time of run ${run.runId} is ${row.creation_time}, not ${formatSix(run.creationTime)}`);
  }
  for (const [id, row] of rows) {
    if (isDeleted(row) || world.runs.has(id)) continue;
    if (reconcile) found.push(`deleted, and not marked after a reconcile: run ${id}`);
    else if (!finals.has(row.status)) found.push(`deleted, and still open in the table: run ${id}`);
  }
  return found;
}

/** What the loaded locations define. Definitions of the others must stay as they are in the table. */
function definitions(life: DagsterLife, before: Tables, tables: Tables): string[] {
  const { world } = life;
  const locations = [...world.locations.values()];
  const loaded = new Set(locations.filter(({ state }) => state === "loaded").map(({ name }) => name));
  const unavailable = new Set(locations.filter(({ state }) => state !== "loaded").map(({ name }) => name));
  const isKept = ({ code_location: name }: StoredValues) =>
    name !== null && (loaded.size === 0 || unavailable.has(name as string));
  const truth = world.rows();
  const found: string[] = [];
  for (const table of ["dagster_schedules", "dagster_sensors"] as const) {
    const expected = new Map<string, StoredValues>();
    for (const [id, row] of live(before, table)) if (isKept(row)) expected.set(id, row);
    for (const row of truth[table]) if (loaded.has(row.code_location as string)) expected.set(row.id as string, row);
    found.push(...compare(table, expected, live(tables, table)));
  }
  const expected = new Map<string, StoredValues>();
  const known = live(before, "dagster_assets");
  const materialized = new Map(truth.dagster_assets.map((row) => [row.id as string, row]));
  for (const [id, row] of known) {
    const { last_materialization_run_id = null, last_materialization_time = null } = materialized.get(id) ?? {};
    if (isKept(row)) expected.set(id, { ...row, last_materialization_run_id, last_materialization_time });
    else if (loaded.size === 0) expected.set(id, row);
  }
  for (const row of truth.dagster_assets) {
    const id = row.id as string;
    if (expected.has(id) && isKept(expected.get(id)!)) continue;
    if (loaded.has(row.code_location as string)) expected.set(id, row);
    else if (row.last_materialization_time !== null)
      expected.set(id, { ...row, description: null, group_name: null, repository: null, code_location: null });
  }
  return [...found, ...compare("dagster_assets", expected, live(tables, "dagster_assets"))];
}

function compare(
  table: string,
  expected: ReadonlyMap<string, StoredValues>,
  actual: ReadonlyMap<string, StoredValues>,
): string[] {
  const found: string[] = [];
  for (const [id, row] of expected) {
    const [wanted, got] = [row, actual.get(id)].map((each) => each && JSON.stringify(sorted(each)));
    if (got === undefined) found.push(`missing: ${table} ${wanted}`);
    else if (wanted !== got) found.push(`different: ${table} ${got}, not ${wanted}`);
  }
  for (const [id, row] of actual) if (!expected.has(id)) found.push(`too many: ${table} ${JSON.stringify(row)}`);
  return found;
}

function live(tables: Tables, table: string): ReadonlyMap<string, StoredValues> {
  return new Map([...tables.get(table)!].filter(([, row]) => !isDeleted(row)).map(([id, row]) => [id, content(row)]));
}

const isDeleted = ({ _deleted_at }: StoredValues) => _deleted_at !== null;

function content({ _synced_at: _, _deleted_at: __, ...row }: StoredValues): StoredValues {
  return row;
}
