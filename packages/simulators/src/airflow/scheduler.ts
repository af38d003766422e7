import { minute } from "../time.ts";
import type { SimulatedRegion, SimulatedRun, SimulatedTask, TaskDefinition, TaskState } from "./records.ts";
import { AirflowStore } from "./store.ts";

/** Identifies a task instance among those of its task. */
interface InstancePosition {
  readonly mapIndex: number;
  readonly region: SimulatedRegion | null;
  readonly regionIndex: number;
  readonly iteration: number | null;
}

/** What the scheduler and its workers do to task instances. */
export abstract class AirflowScheduler extends AirflowStore {
  /**
   * The scheduler passes an attempt to the executor: it gets the next number, unless it already has it, and keeps the
   * last one's dates.
   */
  queueTask(task: SimulatedTask): void {
    if (task.state === "restarting") this.retry(task);
    const version = task.run.dag.versions.at(-1)!;
    this.change(task, {
      state: "queued",
      tryNumber: task.tryNumber + (task.isNumbered ? 0 : 1),
      isNumbered: false,
      scheduledWhen: this.now(),
      queuedWhen: this.now(),
      version,
    });
  }

  /** A worker starts an attempt, which is queued first if necessary. */
  startTask(task: SimulatedTask): void {
    if (task.state !== "queued") this.queueTask(task);
    const hostname = `worker-${this.random.between(1, 4)}`;
    const pid = this.random.between(100, 30_000);
    this.change(task, { state: "running", startDate: this.now(), endDate: null, hostname, pid });
  }

  /** An attempt ends now; if it was not running, it is started first, one duration ago. */
  finishTask(task: SimulatedTask, state: "success" | "failed" | "skipped" = "success"): void {
    if (task.state !== "running") {
      const end = this.now();
      this.at(end - (task.definition.duration ?? minute), () => this.startTask(task));
    }
    this.change(task, { state, endDate: this.now() });
  }

  /**
   * An attempt fails with retries left: it becomes history, and the row waits under a new id. It keeps its number until it
   * is queued; from 3.4 on it has the next one at once.
   */
  retry(task: SimulatedTask): void {
    const wasCleared = task.state === "restarting";
    if (task.state !== "running" && !wasCleared) this.finishTask(task, "failed");
    else this.change(task, { state: "failed", endDate: this.now() });
    this.archive(task);
    this.renew(task);
    this.change(task, {
      state: wasCleared && this.version !== "3.3" ? null : "up_for_retry",
      ...this.#nextNumber(task),
    });
  }

  /** Sets a task instance's state without an attempt. */
  setTaskState(task: SimulatedTask, state: TaskState | null): void {
    this.change(task, { state });
  }

  /** A placeholder becomes index 0 under its own id, and the other indexes are created; from 3.4 on in its region. */
  expand(task: SimulatedTask, count: number = task.definition.mapped ?? 1): void {
    const region = task.region ?? this.#newRegion();
    if (count === 0) {
      return void this.change(task, { region, state: "skipped", startDate: this.now(), endDate: this.now() });
    }
    this.change(task, { region, mapIndex: 0, regionIndex: region ? 0 : -1 });
    for (let index = 1; index < count; index++) {
      const place = { mapIndex: index, region, regionIndex: region ? index : -1, iteration: task.iteration };
      this.#addTask(task.run, task.definition, place);
    }
  }

  /** A mapped task expands to fewer indexes than before: the others stay, removed. */
  shrink(run: SimulatedRun, taskId: string, count: number): void {
    for (const task of run.tasks) {
      if (task.definition.taskId === taskId && task.mapIndex >= count) this.change(task, { state: "removed" });
    }
  }

  /** The next iteration of a loop starts: its tasks are created, and the one that decides whether another follows. */
  addIteration(run: SimulatedRun, loop: string): void {
    const begun = run.loops.get(loop);
    if (!begun) throw new Error(`Run ${run.runId} has no loop ${loop}.`);
    const iteration = begun.next;
    begun.next += 1;
    for (const definition of [...begun.definitions, { taskId: `${loop}.__loop_gate`, loop }]) {
      const isMapped = definition.mapped !== undefined;
      const place = isMapped
        ? { region: this.#newRegion(), regionIndex: -1 }
        : { region: begun.region, regionIndex: iteration };
      this.#addTask(run, definition, { ...place, mapIndex: -1, iteration });
    }
  }

  /** Upgrades the server to 3.4 in place: waiting rows get the number of their next attempt, and no row a stamp. */
  upgrade(): void {
    this.version = "3.4";
    this.withoutStamps(() => {
      for (const task of this.tasks()) {
        const isWaiting = task.state === "up_for_retry" || (task.state === null && task.tryNumber > 0);
        if (isWaiting) this.change(task, this.#nextNumber(task));
      }
    });
  }

  /** A run's first task instances, none of them scheduled. */
  protected addTasks(run: SimulatedRun, definitions: readonly TaskDefinition[]): void {
    for (const definition of definitions) {
      const { loop } = definition;
      if (loop === undefined) {
        const region = definition.mapped === undefined ? null : this.#newRegion();
        this.#addTask(run, definition, { mapIndex: -1, region, regionIndex: -1, iteration: null });
      } else if (!run.loops.has(loop)) {
        const region = this.#newRegion();
        if (!region) throw new Error("Loops come with version 3.4: createEmptyAirflowWorld({ version }).");
        run.loops.set(loop, { region, next: 0, definitions: definitions.filter((each) => each.loop === loop) });
        this.addIteration(run, loop);
      }
    }
  }

  /** Moves an attempt to the history, and makes its task instance wait for the next one. */
  protected clearAttempt(task: SimulatedTask): void {
    const retries = task.definition.retries ?? 0;
    const isRunning = task.state === "running";
    if (this.version !== "3.3") {
      if (isRunning) return void this.change(task, { state: "restarting" });
      const hasWaited = task.state === null || task.state === "up_for_retry";
      if (hasWaited) return void this.change(task, { state: null });
    }
    const maxTries = task.tryNumber + retries;
    this.archive(task);
    this.renew(task);
    this.change(task, isRunning ? { state: "restarting" } : { state: null, maxTries, ...this.#nextNumber(task) });
  }

  /** Restarts a loop from an iteration on: later ones are removed, and created again in another region. */
  protected forkLoop(run: SimulatedRun, loop: string, iteration: number): void {
    const begun = run.loops.get(loop);
    if (!begun) throw new Error(`Run ${run.runId} has no loop ${loop}.`);
    for (const task of run.tasks.filter(({ definition }) => definition.loop === loop)) {
      if (task.iteration === iteration) this.clearAttempt(task);
      else if (task.iteration! > iteration) this.dropTask(task);
    }
    run.loops.set(loop, { ...begun, region: this.#newRegion()!, next: iteration + 1 });
  }

  /** Replaces the expansion of a mapped task, in a region. */
  protected expandAnew(run: SimulatedRun, taskId: string): void {
    const region = this.#newRegion();
    for (const task of run.tasks.filter(({ definition }) => definition.taskId === taskId)) {
      const { definition, mapIndex, tryNumber } = task;
      this.dropTask(task);
      const born = this.#addTask(run, definition, { mapIndex, region, regionIndex: mapIndex, iteration: null });
      this.change(born, { tryNumber: tryNumber + 1, isNumbered: true });
    }
  }

  #nextNumber(task: SimulatedTask): { tryNumber?: number; isNumbered?: true } {
    return this.version === "3.3" ? {} : { tryNumber: task.tryNumber + 1, isNumbered: true };
  }

  #newRegion(): SimulatedRegion | null {
    return this.version === "3.3" ? null : { id: this.regionId() };
  }

  #addTask(run: SimulatedRun, definition: TaskDefinition, place: InstancePosition): SimulatedTask {
    return this.putTask({
      run,
      definition,
      ...place,
      renderedMapIndex: place.mapIndex < 0 ? null : String(place.mapIndex),
      tryNumber: 0,
      isNumbered: false,
      state: null,
      startDate: null,
      endDate: null,
      scheduledWhen: null,
      queuedWhen: null,
      hostname: "",
      pid: null,
      maxTries: definition.retries ?? 0,
      version: run.dag.versions.at(-1)!,
      note: null,
      stateReason: null,
      updatedAt: this.stamp(),
      poisoned: false,
      history: [],
    });
  }
}
