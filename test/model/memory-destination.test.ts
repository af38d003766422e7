import { type Table, withoutColumns, withTablePrefix } from "@org/destination";
import { casesFor, type DestinationSuite, type Place, runCase } from "@org/destination/testing";
import { dagRunsTable } from "@org/sources/airflow";
import { describe, expect, test } from "vitest";
import { createMemory, type MemoryDestination, memoryDestination } from "./memory-destination.ts";

interface MemoryPlace extends Place {
  readonly destination: MemoryDestination;
}

const suite: DestinationSuite<MemoryPlace> = {
  name: "memory",
  async create() {
    const memory = createMemory();
    return {
      destination: memoryDestination(memory),
      connect: () => memoryDestination(memory),
      process: { module: "none", argument: "none" },
    };
  },
  read: async ({ destination }, table) => destination.rows(table),
};

/** What needs a second process, which memory is not shared with. */
const ofProcesses = [
  "holds exactly the rows of its state after the writing process was killed",
  "names the other process that is at work, and opens once that has ended",
  "opens at once after a process that was killed",
  "lets another process in as soon as a session is closed",
];

const prefixed: DestinationSuite<MemoryPlace> = {
  name: "memory with a prefix",
  async create() {
    const place = await suite.create();
    return { ...place, connect: () => withTablePrefix(place.connect(), "prod_") };
  },
  read: async ({ destination }, table) => destination.rows(`prod_${table}`),
};

const cases = (await casesFor(suite)).filter(({ name }) => !ofProcesses.includes(name));

describe.each([suite, prefixed])("$name", (which) => {
  for (const each of cases) test(`${each.group}: ${each.name}`, () => runCase(which, each));
});

test("memory without columns: they are not stored, whoever reads them finds null, and a key cannot be one", async () => {
  const destination = memoryDestination();
  const without = (...names: string[]) => withoutColumns(destination, { airflow_dag_runs: names });
  const session = await without("conf").open({ pipeline: "p" });
  await session.prepare([dagRunsTable]);
  const nothing = Object.fromEntries(Object.keys(dagRunsTable.columns).map((name) => [name, null]));
  const moment = "2026-01-01T00:00:00.000000Z";
  const row = {
    ...nothing,
    dag_id: "d",
    dag_run_id: "r",
    run_type: "manual",
    external_trigger: true,
    run_after: moment,
  };
  const upserts = [{ ...row, conf: { password: "CANARY" } }];
  await session.commit("dag_runs", { table: dagRunsTable as Table, upserts, state: { version: 1, value: 1 } });
  expect(await session.keys(dagRunsTable, {}, ["conf", "run_type"])).toEqual([
    { dag_id: "d", dag_run_id: "r", run_type: "manual", conf: null },
  ]);
  await session.close();
  const [stored] = destination.rows("airflow_dag_runs");
  expect(stored).not.toHaveProperty("conf");
  const refused = (await without("dag_id").open({ pipeline: "p" })).prepare([dagRunsTable]);
  await expect(refused).rejects.toThrow("Column dag_id of table airflow_dag_runs cannot be left out");
});
