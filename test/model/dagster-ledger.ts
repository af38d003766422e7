/** Records every version of every row that a simulated Dagster ever held: all that a table may contain. */
import { type DagsterWorld, formatSix, type SimulatedDagsterRun } from "@org/simulators/internal";

type Row = Readonly<Record<string, unknown>>;
type Kind = "runs" | "definitions" | "materializations" | "schedules" | "sensors";

/** Number of reconciles that re-read all runs: each reads a thirtieth, and one more finds the end of the listing. */
const rereadAfter = 32;

export class DagsterLedger {
  /** Incremented by every change. */
  tick = 0;
  /** Offsets from UTC that the database ever had, in microseconds. */
  readonly zones = new Set<number>([0]);
  /** Whether rows may be in different time zones. */
  hasMoved = false;
  /** Set while no run has revealed the database's current zone. Until then, windows miss changes that only add a tag. */
  isUnproven = false;
  /** By kind and key: versions, each with its last tick. */
  readonly #versions = new Map<string, Map<string, number>>();
  readonly #current = new Map<string, string>();
  readonly #times = new Map<string, Set<string>>();
  /** The tick at which a run was first seen. */
  readonly #born = new Map<string, number>();
  readonly #texts = new Map<string, { readonly syncedAt: unknown; readonly text: string }>();
  /** Runs with a late end, and the number of reconciles before it. */
  readonly #late = new Map<string, number>();
  #reconciles = 0;
  readonly #launched = new Map<string, string>();
  #provenZone = Number.POSITIVE_INFINITY;

  /** A finished run got another end, with a time long past, which only a re-read reveals. */
  finishedLate(runId: string): void {
    this.#late.set(runId, this.#reconciles);
  }

  /** Call after a complete reconcile. */
  reconciled(): void {
    this.#reconciles += 1;
  }

  /** Whether a run may still lack its late end: until all runs were re-read, at most twice. */
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

  /** Call after the database moved to another zone. */
  zoneMoved(world: DagsterWorld): void {
    this.zones.add(world.databaseOffset);
    this.hasMoved = true;
    this.isUnproven = world.databaseOffset < this.#provenZone;
    for (const run of world.runs.values()) this.recordRun(run);
  }

  /** Call after an undisturbed sync: checks whether a run reveals the database's current zone. */
  zoneSeen(world: DagsterWorld): void {
    const shows = (run: SimulatedDagsterRun) =>
      // Not a run that was tagged soon after its end, since the sync may or may not have seen it untagged.
      run.endTime === run.updateTime && run.updateOffset === world.databaseOffset;
    if (![...world.runs.values()].some(shows)) return;
    this.isUnproven = false;
    this.#provenZone = Math.min(this.#provenZone, world.databaseOffset);
  }

  /** Call when the state is dropped: the zone is unknown until a run reveals it again. */
  forgetZone(): void {
    this.#provenZone = Number.POSITIVE_INFINITY;
  }

  get isZoneProven(): boolean {
    return Number.isFinite(this.#provenZone);
  }

  /** A stored run as text. Cached by the time it was stored. */
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

  /** Whether a table's row ever existed on the server, and the latest tick of that version. */
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

  /** Whether a run existed at that tick. */
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

/** A run's row without the times that depend on the database's zone. */
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
