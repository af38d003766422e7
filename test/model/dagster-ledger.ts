/** Every version of every row that a simulated Dagster ever held: what a table may hold at all. */
import { type DagsterWorld, formatSix, type SimulatedDagsterRun } from "@org/simulators/internal";

type Row = Readonly<Record<string, unknown>>;
type Kind = "runs" | "definitions" | "materializations" | "schedules" | "sensors";

/** So many syncs that look for deletions read all runs again: a thirtieth each, and one more for the end of the listing. */
const rereadAfter = 32;

export class DagsterLedger {
  /** Rises with everything that happens. */
  tick = 0;
  /** Offsets from UTC that the database ever had, in microseconds. */
  readonly zones = new Set<number>([0]);
  /** Whether rows of one moment may be in another zone than those of the next. */
  hasMoved = false;
  /** Set while the database may be in a zone that no run has shown yet: until one does, no window sees a mere tag. */
  isUnproven = false;
  /** By kind and key: its versions, each with the tick until which it was held. */
  readonly #versions = new Map<string, Map<string, number>>();
  readonly #current = new Map<string, string>();
  readonly #times = new Map<string, Set<string>>();
  /** The tick at which a run was first seen. */
  readonly #born = new Map<string, number>();
  readonly #texts = new Map<string, { readonly syncedAt: unknown; readonly text: string }>();
  /** Runs whose end came late, and how many syncs had looked for deletions by then. */
  readonly #late = new Map<string, number>();
  #reconciles = 0;
  readonly #launched = new Map<string, string>();
  #provenZone = Number.POSITIVE_INFINITY;

  /** A run that had ended got another end, with a time long past: only reading it again shows that. */
  finishedLate(runId: string): void {
    this.#late.set(runId, this.#reconciles);
  }

  /** After a sync that looked for deletions, and came to its end. */
  reconciled(): void {
    this.#reconciles += 1;
  }

  /** Whether a run may still be as it was before its late end: until all runs were read again, twice at most. */
  mayBeLate(runId: string): boolean {
    return this.#reconciles - (this.#late.get(runId) ?? Number.NEGATIVE_INFINITY) < rereadAfter;
  }

  recordAll(world: DagsterWorld): void {
    this.zones.add(world.databaseOffset);
    for (const run of world.runs.values()) this.recordRun(run);
    this.recordDefinitions(world);
  }

  recordRun(run: SimulatedDagsterRun): void {
    if (!this.#born.has(run.runId)) this.#born.set(run.runId, this.tick);
    this.#hold("runs", run.runId, runText(run));
    const times = this.#times.get(run.runId) ?? new Set();
    this.#times.set(run.runId, times);
    for (const zone of this.zones) times.add(formatSix(run.updateTime + run.updateOffset - zone));
    const sensor = run.tags.get("dagster/sensor_name");
    if (sensor !== undefined) this.#launched.set(run.runId, `${run.location} ${sensor}`);
  }

  recordDefinitions(world: DagsterWorld): void {
    const rows = world.rows();
    for (const row of rows.dagster_assets) {
      this.#hold("definitions", row.id as string, definitionText(row));
      this.#hold("materializations", row.id as string, materializationText(row));
    }
    for (const row of rows.dagster_schedules) this.#hold("schedules", row.id as string, JSON.stringify(sorted(row)));
    for (const row of rows.dagster_sensors) this.#hold("sensors", row.id as string, sensorText(row));
  }

  /** After the database was moved to another zone. */
  zoneMoved(world: DagsterWorld): void {
    this.zones.add(world.databaseOffset);
    this.hasMoved = true;
    this.isUnproven = world.databaseOffset < this.#provenZone;
    for (const run of world.runs.values()) this.recordRun(run);
  }

  /** After a sync that nothing disturbed: whether a run shows in which zone the database is now. */
  zoneSeen(world: DagsterWorld): void {
    const shows = (run: SimulatedDagsterRun) =>
      // Not one that was tagged soon after its end: whether the sync saw it nobody knows.
      run.endTime === run.updateTime && run.updateOffset === world.databaseOffset;
    if (![...world.runs.values()].some(shows)) return;
    this.isUnproven = false;
    this.#provenZone = Math.min(this.#provenZone, world.databaseOffset);
  }

  /** What was known of the zone is forgotten with the state: it counts only as shown again. */
  forgetZone(): void {
    this.#provenZone = Number.POSITIVE_INFINITY;
  }

  get isZoneProven(): boolean {
    return Number.isFinite(this.#provenZone);
  }

  /** A stored run as text: worked out once for each time that it was stored. */
  runTextOf(row: Row): string {
    const id = row.run_id as string;
    const known = this.#texts.get(id);
    if (known && known.syncedAt === row._synced_at) return known.text;
    const text = storedRunText(row);
    this.#texts.set(id, { syncedAt: row._synced_at, text });
    return text;
  }

  /** A run of the world as text. */
  currentRunText(runId: string): string {
    return this.#current.get(`runs ${runId}`)!;
  }

  /** What is wrong with a row of a table, if it never was the server's; and how old its version is at most. */
  judge(table: string, row: Row): { readonly wrong?: string; readonly lastHeld?: number } {
    if (table === "dagster_runs") {
      const text = this.runTextOf(row);
      const lastHeld = this.#versions.get(`runs ${row.run_id}`)?.get(text);
      if (lastHeld === undefined) return { wrong: `run ${row.run_id} never was ${JSON.stringify(row)}` };
      const time = row.update_time as string;
      if (!this.#times.get(row.run_id as string)?.has(time))
        return { wrong: `run ${row.run_id} never changed at ${time}` };
      const isCurrent = this.#current.get(`runs ${row.run_id}`) === text;
      return { lastHeld: isCurrent ? Number.POSITIVE_INFINITY : lastHeld };
    }
    const id = row.id as string;
    const was = (kind: Kind, text: string) => this.#versions.get(`${kind} ${id}`)?.has(text) ?? false;
    if (table === "dagster_assets") {
      if (!was("definitions", definitionText(row)) && row.code_location !== null)
        return { wrong: `${id} never was defined as ${definitionText(row)}` };
      if (!was("materializations", materializationText(row)) && row.last_materialization_time !== null)
        return { wrong: `${id} never was materialized as ${materializationText(row)}` };
    } else if (table === "dagster_schedules") {
      if (!was("schedules", JSON.stringify(sorted(row))))
        return { wrong: `schedule ${id} never was ${JSON.stringify(row)}` };
    } else {
      if (!was("sensors", sensorText(row))) return { wrong: `sensor ${id} never was ${JSON.stringify(row)}` };
      for (const run of row.active_run_ids as string[]) {
        const isLaunched = this.#launched.get(run) === `${row.code_location} ${row.name}`;
        if (!isLaunched) return { wrong: `sensor ${id} never launched ${run}` };
      }
    }
    return {};
  }

  /** Whether a run was there by then. */
  isOlder(runId: string, tick: number): boolean {
    return (this.#born.get(runId) ?? 0) <= tick;
  }

  #hold(kind: Kind, id: string, text: string): void {
    const key = `${kind} ${id}`;
    const before = this.#current.get(key);
    if (before === text) return;
    const versions = this.#versions.get(key) ?? new Map<string, number>();
    this.#versions.set(key, versions);
    if (before !== undefined) versions.set(before, this.tick);
    versions.set(text, this.tick);
    this.#current.set(key, text);
  }
}

/** A run as its row has it, without the times that the database's zone shifts. */
function runText(run: SimulatedDagsterRun): string {
  const time = (instant: number | null) => (instant === null ? null : formatSix(instant));
  return JSON.stringify(
    sorted({
      run_id: run.runId,
      pipeline_name: run.jobName,
      status: run.status,
      mode: "default",
      start_time: time(run.startTime),
      end_time: time(run.endTime),
      tags: sorted(Object.fromEntries(run.tags)),
      root_run_id: run.rootRunId,
      parent_run_id: run.parentRunId,
      repository: run.repository,
      code_location: run.location,
    }),
  );
}

const storedRunText = (row: Row) => JSON.stringify(sorted(without(row)));

function without({ update_time: _, creation_time: _c, _synced_at: _s, _deleted_at: _d, tags, ...rest }: Row): Row {
  return { ...rest, tags: sorted(tags as Row) };
}

function definitionText({ description, group_name, repository, code_location }: Row): string {
  return JSON.stringify([description, group_name, repository, code_location]);
}

function materializationText({ last_materialization_run_id: run, last_materialization_time: time }: Row): string {
  return JSON.stringify([run, time]);
}

function sensorText({ active_run_ids: _, ...row }: Row): string {
  return JSON.stringify(sorted(row));
}

export function sorted(row: Row): Row {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
