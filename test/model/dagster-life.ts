/** Performs steps on a simulated Dagster, and records every version of every row. */
import {
  createEmptyDagsterWorld,
  type DagsterVersion,
  type DagsterWorld,
  type SimulatedDagsterRun,
} from "@org/simulators/internal";
import { DagsterLedger } from "./dagster-ledger.ts";
import type { Beginning, WorldStep } from "./dagster-steps.ts";

const finals: ReadonlySet<string> = new Set(["SUCCESS", "FAILURE", "CANCELED"]);
const versions: readonly DagsterVersion[] = ["1.7.10", "1.10.21", "1.13.27"];
const quarterMs = 15 * 60_000;
const locations = ["a", "b", "c"];
/** Awkward texts in paths: dots, slashes, quotes, other alphabets. */
const paths = [["raw", "orders"], ["a.b"], ["a", "b"], ["äö", "x/y"], ['qu"ote'], ["never"]];

/** Where in a sync a step happens. */
export interface Meanwhile {
  /** The run after which the requested page starts. */
  readonly pageToken?: string | undefined;
  readonly pageSize: number;
}

export class DagsterLife {
  readonly world: DagsterWorld;
  readonly ledger = new DagsterLedger();
  version: DagsterVersion;
  /** Our own clock, in ms. It runs like the server's, but is never set. */
  localMs: number;
  /** Whether the clock was set back since the last successful sync. Then it must not be set forward: no client could tell. */
  wasSetBack = false;
  #tags = 0;

  constructor({ version, hours, runs }: Beginning) {
    this.world = createEmptyDagsterWorld({ databaseOffsetMs: hours * 4 * quarterMs });
    this.localMs = this.world.clock.now();
    this.version = versions[version]!;
    this.#followVersion();
    const { world } = this;
    const sensor = (name: string) => ({ name, jobName: "build", type: "STANDARD" as const });
    world.addLocation("a", {
      assets: [{ path: paths[0]!, description: "Orders." }, { path: paths[1]! }],
      schedules: [{ name: "nightly", jobName: "build", crons: ["0 0 * * *", "0 12 * * *"] }],
      sensors: [sensor("files")],
    });
    world.addLocation("b", { assets: [{ path: paths[2]! }], sensors: [sensor("files"), sensor("mails")] });
    for (let run = 0; run < runs; run += 1)
      world.at(this.#past(run * quarterMs), () => world.completeRun({ jobName: "build" }));
    this.ledger.recordAll(world);
  }

  do(step: WorldStep, meanwhile?: Meanwhile): void {
    this.ledger.tick += 1;
    const touched = this.#apply(step, meanwhile);
    if (touched) for (const run of touched) this.ledger.recordRun(run);
    else this.ledger.recordDefinitions(this.world);
  }

  /** @returns the changed runs. Undefined if anything else may have changed. */
  #apply(step: WorldStep, meanwhile?: Meanwhile): readonly SimulatedDagsterRun[] | undefined {
    const { world } = this;
    switch (step.do) {
      case "add": {
        const sensor = step.sensor === undefined ? undefined : ["files", "mails"][step.sensor % 2]!;
        const tags = sensor === undefined ? {} : { "dagster/sensor_name": sensor };
        return [world.addRun({ jobName: "build", location: chosen(locations, step.location)!, tags })];
      }
      case "start":
        return this.#with(this.#open(step.run), (run) => world.at(this.#event(step.agoMs), () => world.start(run)));
      case "status":
        if (step.status === "SUSPENDED" && this.version !== "1.13.27") return [];
        return this.#with(this.#open(step.run), (run) => world.setStatus(run, step.status));
      case "finish":
        return this.#with(this.#open(step.run), (run) => world.finish(run, step.status, this.#event(step.agoMs)));
      case "finish late":
        return this.#with(chosen(this.#ended(), step.run), (run) => {
          world.finish(run, step.status, this.#event(step.agoMs));
          this.ledger.finishedLate(run.runId);
        });
      case "tag":
        return this.#with(chosen(this.#newest(), step.run), (run) => {
          // A change a multiple of 15 minutes after an end looks like an end in another zone.
          this.#away(run.endTime);
          this.#tags += 1;
          world.tag(run, `tag-${step.value % 2}`, `${step.value}-${this.#tags}`);
        });
      case "brief":
        return Array.from({ length: step.count }, () => {
          const run = world.addRun({ jobName: "build", location: "a" });
          world.at(this.#event(step.agoMs), () => world.start(run));
          world.finish(run, "SUCCESS", this.#event(step.agoMs));
          return run;
        });
      case "delete":
        return this.#delete(
          this.#newest()
            .slice(step.run % Math.max(1, world.runs.size))
            .slice(0, step.count),
        );
      case "delete-cursor": {
        const newest = this.#newest();
        const at = newest.findIndex(({ runId }) => runId === meanwhile?.pageToken);
        if (at < 0 || !meanwhile) return [];
        return this.#delete(newest.slice(step.page ? Math.max(0, at + 1 - meanwhile.pageSize) : at, at + 1));
      }
      case "materialize":
        world.materialize(chosen(paths, step.asset)!, chosen(this.#newest(), step.run ?? 0));
        return undefined;
      case "wipe":
        return void world.wipe(chosen(paths, step.asset)!);
      case "advance":
        this.localMs += step.byMs;
        world.advance(step.byMs);
        return [];
      case "clock":
        if (step.byMs > 0 && this.wasSetBack) return [];
        this.wasSetBack ||= step.byMs < 0;
        world.advance(step.byMs);
        return [];
      case "zone":
        // 1.7 compares in the current zone, so it would filter rows from before the move by a wrong time.
        if (this.version === "1.7.10" || meanwhile) return [];
        // If it moved again before a sync saw the first move, no window would show runs tagged in between.
        if (this.ledger.isUnproven) return [];
        // A tag right after an end from before the move would look like an end in the new zone.
        this.localMs += 3000;
        world.advance(3000);
        world.moveDatabase(step.hours * 4 * quarterMs);
        this.ledger.zoneMoved(world);
        return [];
      case "upgrade":
        this.version = versions[Math.min(2, versions.indexOf(this.version) + 1)]!;
        this.#followVersion();
        return [];
      default:
        return void this.#define(step);
    }
  }

  #define(step: Extract<WorldStep, { do: "define" | "undefine" | "switch" | "location" }>): void {
    const { world } = this;
    const loaded = [...world.locations.values()].filter(({ state }) => state === "loaded");
    if (step.do === "location") {
      const name = chosen(locations, step.which)!;
      const known = world.locations.has(name);
      if (step.becomes === "removed") {
        if (known) world.removeLocation(name);
        return;
      }
      if (!known) world.addLocation(name, { sensors: [{ name: "files", jobName: null, type: "ASSET" }] });
      if (step.becomes === "failed") world.breakLocation(name);
      else if (step.becomes === "loading") world.startLoading(name);
      else world.repairLocation(name);
    } else if (step.do === "switch") {
      const location = chosen(loaded, step.which);
      const one = location && chosen<{ status: string; readonly name: string }>(location[step.what], step.which);
      if (one) one.status = step.on ? "RUNNING" : "STOPPED";
    } else if (step.do === "define") {
      const location = chosen(loaded, step.location)?.name;
      if (!location) return;
      const name = ["nightly", "hourly", "files", "mails"][step.which % 4]!;
      const description = `version ${this.ledger.tick}`;
      if (step.what === "assets") {
        const path = chosen(paths, step.which)!;
        const id = JSON.stringify(path);
        const others = [...world.locations.values()].filter(({ assets }) => assets.has(id));
        // It moves here. Nothing can be taken from a location that does not load.
        if (others.some(({ state }) => state !== "loaded")) return;
        for (const other of others) world.undefineAsset(other.name, path);
        world.defineAsset(location, { path, description });
      } else {
        const known = world.location(location)[step.what].some((one) => one.name === name);
        if (known) world.undefineInstigator(location, step.what, name);
        if (step.what === "schedules")
          world.defineSchedule(location, { name, jobName: "build", crons: ["@hourly"], description });
        else world.defineSensor(location, { name, jobName: "build", type: "STANDARD", description });
      }
    } else {
      const location = chosen(loaded, step.which);
      if (!location) return;
      if (step.what === "assets") {
        const asset = chosen([...location.assets.values()], step.which);
        if (asset) world.undefineAsset(location.name, asset.path);
      } else {
        const one = chosen<{ status: string; readonly name: string }>(location[step.what], step.which);
        if (one) world.undefineInstigator(location.name, step.what, one.name);
      }
    }
  }

  #with(
    run: SimulatedDagsterRun | undefined,
    change: (run: SimulatedDagsterRun) => void,
  ): readonly SimulatedDagsterRun[] {
    if (!run) return [];
    change(run);
    return [run];
  }

  #delete(runs: readonly SimulatedDagsterRun[]): readonly SimulatedDagsterRun[] {
    for (const run of runs) this.world.deleteRun(run);
    return [];
  }

  #newest(): readonly SimulatedDagsterRun[] {
    return this.world.ordered().toReversed();
  }

  #ended(): readonly SimulatedDagsterRun[] {
    return this.#newest().filter(({ status }) => finals.has(status));
  }

  #open(which: number): SimulatedDagsterRun | undefined {
    return chosen(
      this.#newest().filter(({ status }) => !finals.has(status)),
      which,
    );
  }

  #past(agoMs: number): number {
    return this.world.now() - agoMs * 1000;
  }

  /** The current time by a worker's clock, which is behind or ahead. */
  #event(agoMs: number): number {
    const event = this.#past(agoMs);
    if (!this.world.writesEventTimes) this.#away(event);
    return event;
  }

  /** Waits if a change now would be a multiple of 15 minutes away from a given time. */
  #away(moment: number | null): void {
    if (moment === null) return;
    const differenceMs = Math.abs(this.world.now() - moment) / 1000;
    const quarters = Math.round(differenceMs / quarterMs);
    if (quarters === 0 || Math.abs(differenceMs - quarters * quarterMs) > 3000) return;
    this.localMs += 7000;
    this.world.advance(7000);
  }

  #followVersion(): void {
    this.world.writesEventTimes = this.version !== "1.7.10";
  }
}

function chosen<T>(all: readonly T[], number: number): T | undefined {
  return all[number % all.length];
}
