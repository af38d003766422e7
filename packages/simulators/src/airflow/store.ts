import type { Random } from "../random.ts";
import { type Clock, type Instant, second } from "../time.ts";
import { type FurtherRows, initialRows } from "./further.ts";
import {
  finalTaskStates,
  type SimulatedDag,
  type SimulatedEvent,
  type SimulatedRun,
  type SimulatedTask,
} from "./records.ts";

/** Airflow 3.4 has loops, and attempts that keep their ids; all earlier versions are alike. */
export type AirflowWorldVersion = "3.3" | "3.4";

/**
 * The rows of an Airflow database, with the indexes that keep a world of 10,000 DAGs fast.
 *
 * Ids only grow, so a list to which new rows are appended is ordered by id; a removed row leaves a hole.
 */
export class AirflowStore {
  readonly clock: Clock;
  /** The server's version, as far as it changes what happens to rows. */
  version: AirflowWorldVersion;
  /** Its default time zone, which it returns for every DAG. */
  defaultTimezone = "UTC";
  /** Rows of further lists, as the server says them, in the order of their ids. */
  readonly further: FurtherRows = initialRows();
  protected readonly random: Random;
  readonly #dags = new Map<string, SimulatedDag>();
  #runs: SimulatedRun[] = [];
  #tasks: (SimulatedTask | undefined)[] = [];
  #holes = 0;
  readonly #allEvents: SimulatedEvent[] = [];
  #eventId = 0;
  #runId = 0;
  #taskId = 0;
  #versionId = 0;
  #regionId = 0;
  #stamping = true;
  #moment: Instant | null = null;

  constructor(clock: Clock, random: Random, version: AirflowWorldVersion = "3.3") {
    this.clock = clock;
    this.random = random;
    this.version = version;
  }

  /** The time that changes are stamped with. While the clock stands still, all changes share one `updated_at`. */
  now(): Instant {
    return this.#moment ?? this.clock.now() * 1000;
  }

  /**
   * Makes changes as of another time. With an earlier one they are a transaction that committed late: they become
   * visible now, stamped then.
   */
  at<T>(moment: Instant, change: () => T): T {
    const before = this.#moment;
    this.#moment = moment;
    try {
      return change();
    } finally {
      this.#moment = before;
    }
  }

  /** Makes changes without touching `updated_at`, as manual SQL does. Rows created this way have none. */
  withoutStamps<T>(change: () => T): T {
    const before = this.#stamping;
    this.#stamping = false;
    try {
      return change();
    } finally {
      this.#stamping = before;
    }
  }

  /** Advances the clock, by milliseconds. */
  advance(byMs: number): void {
    this.clock.advance(byMs);
  }

  get dags(): ReadonlyMap<string, SimulatedDag> {
    return this.#dags;
  }

  /** @throws Error if there is no such DAG */
  dag(dagId: string): SimulatedDag {
    const dag = this.#dags.get(dagId);
    if (!dag) throw new Error(`The world has no DAG ${dagId}.`);
    return dag;
  }

  /** @throws Error if there is no such run */
  run(dagId: string, runId: string): SimulatedRun {
    const run = this.dag(dagId).runs.get(runId);
    if (!run) throw new Error(`The world has no run ${runId} of ${dagId}.`);
    return run;
  }

  /**
   * @param mapIndex the index of a mapped one
   * @param iteration of one in a loop
   * @throws Error if there is no such task instance
   */
  task(run: SimulatedRun, taskId: string, mapIndex = -1, iteration: number | null = null): SimulatedTask {
    const task = run.tasks.find(
      (one) => one.definition.taskId === taskId && one.mapIndex === mapIndex && one.iteration === iteration,
    );
    if (!task) throw new Error(`Run ${run.runId} has no task instance ${taskId}[${mapIndex}] (${iteration}).`);
    return task;
  }

  /** All runs, ordered by id. */
  runs(): readonly SimulatedRun[] {
    return this.#runs;
  }

  /** All task instances, ordered by id. */
  tasks(): readonly SimulatedTask[] {
    if (this.#holes > 0) {
      this.#tasks = this.#tasks.filter((task) => task !== undefined);
      this.#tasks.forEach((task, slot) => {
        task!.slot = slot;
      });
      this.#holes = 0;
    }
    return this.#tasks as SimulatedTask[];
  }

  /** The audit log as the API shows it: events of a deleted DAG are hidden. */
  events(): SimulatedEvent[] {
    return this.#allEvents.filter((event) => event.dagId === null || this.#dags.has(event.dagId));
  }

  protected putDag(dag: SimulatedDag): void {
    if (this.#dags.has(dag.dagId)) throw new Error(`The world already has a DAG ${dag.dagId}.`);
    this.#dags.set(dag.dagId, dag);
  }

  protected dropDag(dag: SimulatedDag): void {
    for (const run of [...dag.runs.values()]) this.dropRun(run);
    this.#dags.delete(dag.dagId);
  }

  protected nextRunId(): number {
    this.#runId += 1;
    return this.#runId;
  }

  protected putRun(run: SimulatedRun): void {
    if (run.dag.runs.has(run.runId)) throw new Error(`${run.dag.dagId} already has a run ${run.runId}.`);
    run.dag.runs.set(run.runId, run);
    this.#runs.push(run);
  }

  protected dropRun(run: SimulatedRun): void {
    run.gone = true;
    run.dag.runs.delete(run.runId);
    this.#runs = this.#runs.filter((other) => other !== run);
    for (const task of run.tasks) this.#tasks[task.slot] = undefined;
    this.#holes += run.tasks.length;
  }

  /** Appends a task instance to its run and to the list. */
  protected putTask(task: Omit<SimulatedTask, "id" | "slot">): SimulatedTask {
    const born = Object.assign(task, { id: "", slot: -1 });
    task.run.tasks.push(born);
    this.renew(born);
    return born;
  }

  /** Gives a task instance a new id, which is the greatest: it moves to the end of the list. */
  protected renew(task: SimulatedTask): void {
    if (task.slot >= 0) {
      this.#tasks[task.slot] = undefined;
      this.#holes += 1;
    }
    this.#taskId += 1;
    task.id = this.#uuid(this.#taskId);
    task.slot = this.#tasks.length;
    this.#tasks.push(task);
  }

  /** Removes a task instance from its run and from the list. */
  protected dropTask(task: SimulatedTask): void {
    task.run.tasks.splice(task.run.tasks.indexOf(task), 1);
    this.#tasks[task.slot] = undefined;
    this.#holes += 1;
  }

  /** Writes an attempt to the history: once for each number, and an unfinished one has failed now. */
  protected archive(task: SimulatedTask): void {
    if (task.history.some(({ tryNumber }) => tryNumber === task.tryNumber)) return;
    const hasEnded = finalTaskStates.has(task.state);
    if (!hasEnded) task.endDate ??= this.now();
    const {
      id,
      note,
      stateReason,
      tryNumber,
      startDate,
      endDate,
      scheduledWhen,
      queuedWhen,
      hostname,
      pid,
      maxTries,
      version,
    } = task;
    const state = hasEnded ? task.state : "failed";
    const times = { startDate, endDate, scheduledWhen, queuedWhen };
    task.history.push({ id, note, stateReason, tryNumber, state, ...times, hostname, pid, maxTries, version });
  }

  protected regionId(): string {
    this.#regionId += 1;
    return this.#uuid(this.#regionId);
  }

  protected versionId(): string {
    this.#versionId += 1;
    return this.#uuid(this.#versionId);
  }

  // Like uuid7: ordered by time of creation. The counter stands in for the time, so that no two are ever equal.
  #uuid(counter: number): string {
    const ordered = (0x019a00000000 + counter).toString(16).padStart(12, "0");
    const random = this.random.hex(15);
    return `${ordered.slice(0, 8)}-${ordered.slice(8)}-7${random.slice(0, 3)}-a${random.slice(3, 6)}-${random.slice(3, 15)}`;
  }

  /** Changes a row and stamps it. */
  protected change<T extends SimulatedRun | SimulatedTask>(row: T, patch: Partial<T>): T {
    Object.assign(row, patch);
    if (this.#stamping) row.updatedAt = this.now();
    return row;
  }

  /** The `updated_at` of a row created now. */
  protected stamp(): Instant | null {
    return this.#stamping ? this.now() : null;
  }

  protected log(event: Omit<SimulatedEvent, "id" | "when" | "owner">): void {
    this.#eventId += 1;
    // The audit row is committed before the action that it announces.
    this.#allEvents.push({ id: this.#eventId, when: this.now() - second / 1000, owner: "admin", ...event });
  }
}
