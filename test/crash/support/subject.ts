/** The subject of the crash tests: a simulated server that changes between syncs, and the expected tables. */
import type { Table } from "@org/destination";
import {
  createDemoAirflowWorld,
  createDemoDagsterWorld,
  type Fault,
  type RequestLog,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";
import { defaultAirflowTables } from "@org/sources/airflow";
import { defaultDagsterTables } from "@org/sources/dagster";
import { atEnd } from "@org/testkit/at-end";
import type { PlainRow } from "@org/testkit/compare";

export type Kind = "airflow" | "dagster";

/** The server's rows at one time, in ms since 1970 by its own clock. */
export interface Snapshot {
  readonly at: number;
  readonly rows: Readonly<Record<string, readonly PlainRow[]>>;
}

export interface Subject {
  readonly kind: Kind;
  readonly url: string;
  readonly tables: readonly Table[];
  readonly requests: RequestLog;
  readonly faults: { push(...faults: Fault[]): void; clear(): void };
  /** Advances the server's clock, with many changes. */
  change(): void;
  /** Advances the server's clock, and deletes some of everything. */
  delete(): void;
  /** One at the start, and one per change. */
  readonly snapshots: readonly Snapshot[];
  /** The rows that a stream's state claims to be stored, of those on the server when the history read started. */
  covers(stream: string, history: Readonly<Record<string, unknown>>): (row: PlainRow) => boolean;
}

/** Starts a server of this kind until the test ends. */
export async function startSubject(kind: Kind, seed = 1): Promise<Subject> {
  return kind === "airflow" ? startAirflowSubject(seed) : startDagsterSubject(seed);
}

async function startAirflowSubject(seed: number): Promise<Subject> {
  const world = createDemoAirflowWorld({ seed, dags: 4, days: 3, runsPerDag: 8 });
  const simulator = await startAirflowSimulator({ world });
  atEnd(() => simulator.close());
  const snapshots: Snapshot[] = [];
  const keep = () => void snapshots.push({ at: world.clock.now(), rows: { ...world.rows() } });
  keep();
  return {
    kind: "airflow",
    url: simulator.url,
    tables: defaultAirflowTables,
    requests: simulator.requests,
    faults: simulator.faults,
    snapshots,
    change() {
      world.advance(60_000);
      const round = snapshots.length;
      const dags = [...world.dags.values()].filter(({ runs }) => runs.size > 1);
      const dag = dags[round % dags.length]!;
      const [first, second] = [...dag.runs.values()];
      world.clearTask(first!.tasks.at(-1)!);
      world.note(second!, `looked at in round ${round}`);
      for (const run of world.runs().filter(({ state }) => state === "running")) world.finishRun(run, "failed");
      for (const each of dags) world.addRun(each, { runId: `round/${round}` });
      world.finishRun(world.addRun(dag, { runId: `finished-${round}` }));
      world.finishRun(world.addRun(world.addDag({ dagId: `zz_new_${round}` }), {}));
      keep();
    },
    delete() {
      world.advance(60_000);
      const [gone, ...others] = [...world.dags.values()];
      world.deleteDag(gone!);
      // Not the oldest: rows that disappear silently and are older than everything else count as purged.
      for (const dag of others.slice(0, 2)) world.deleteRun([...dag.runs.values()].at(-2)!, dag === others[0]);
      keep();
    },
    covers(_, { after, dag, runAfter }) {
      return (row) =>
        (after !== undefined && String(row.dag_id) <= String(after)) ||
        (dag !== undefined && row.dag_id === dag && String(row.run_after) < String(runAfter));
    },
  };
}

async function startDagsterSubject(seed: number): Promise<Subject> {
  const world = createDemoDagsterWorld({ seed, runs: 75 });
  const simulator = await startDagsterSimulator({ world });
  atEnd(() => simulator.close());
  const snapshots: Snapshot[] = [];
  const keep = () => void snapshots.push({ at: world.clock.now(), rows: { ...world.rows() } });
  keep();
  return {
    kind: "dagster",
    url: simulator.url,
    tables: defaultDagsterTables,
    requests: simulator.requests,
    faults: simulator.faults,
    snapshots,
    change() {
      world.advance(60_000);
      const round = snapshots.length;
      const [location] = world.locations.keys();
      for (const run of world.ordered().filter(({ status }) => status === "STARTED")) world.finish(run, "FAILURE");
      world.tag(world.ordered()[round]!, "round", String(round));
      for (let index = 0; index < 20; index += 1) world.completeRun({ jobName: "ingest_shop" });
      world.start(world.addRun({ jobName: "ingest_shop" }));
      world.materialize(["outside", `report_${round}`]);
      world.defineAsset(location!, { path: ["defined", `in_round_${round}`] });
      keep();
    },
    delete() {
      world.advance(60_000);
      for (const run of world.ordered().slice(3, 8)) world.deleteRun(run);
      world.removeLocation([...world.locations.keys()].at(-1)!);
      keep();
    },
    covers(_, { pageToken }) {
      const numbers = new Map([...world.runs.values()].map((run) => [run.runId, run.number]));
      const from = numbers.get(String(pageToken)) ?? Number.POSITIVE_INFINITY;
      return (row) => numbers.get(String(row.run_id))! >= from;
    },
  };
}
