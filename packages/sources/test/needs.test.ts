/** Columns by which a stream queries its table must be declared in `needs`, so that they cannot be excluded. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Destination, Session, Table } from "@org/destination";
import { duckdb } from "@org/destination/duckdb";
import { createDemoAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import { type Source, sync } from "@org/sync-engine";
import { expect, onTestFinished, test } from "vitest";

/** A destination that records the columns by which its rows are queried. */
function noting(right: Destination, asked: Map<string, Set<string>>): Destination {
  const note = (table: Table, columns: readonly string[]) => {
    const known = asked.get(table.name) ?? new Set();
    // Whole rows are read in order to write them back. Missing columns are not stored either way.
    if (columns.length < Object.keys(table.columns).length) for (const each of columns) known.add(each);
    asked.set(table.name, known);
  };
  return {
    ...right,
    async open(options) {
      const session = await right.open(options);
      const noted: Session = {
        states: () => session.states(),
        prepare: (tables) => session.prepare(tables),
        count(table, scope) {
          note(table, Object.keys(scope));
          return session.count(table, scope);
        },
        countBy(table, scope, columns) {
          note(table, [...Object.keys(scope), ...columns]);
          return session.countBy(table, scope, columns);
        },
        keys(table, scope, columns) {
          note(table, Object.keys(scope));
          note(table, columns ?? []);
          return session.keys(table, scope, columns);
        },
        commit(stream, batch) {
          for (const { scope } of batch.replace ?? []) note(batch.table, Object.keys(scope));
          return session.commit(stream, batch);
        },
        close: () => session.close(),
      };
      return noted;
    },
  };
}

/**
 * Exceptions that may be missing: an asset's definition is written back as it is while its location does not load, and a
 * run's note only tells that a person changed it.
 */
const dispensable: Readonly<Record<string, readonly string[]>> = {
  assets: ["description", "group_name", "repository"],
  dag_runs: ["note"],
};

async function askedOf(source: Source, change: () => void): Promise<Map<string, Set<string>>> {
  const folder = mkdtempSync(join(tmpdir(), "needs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const asked = new Map<string, Set<string>>();
  const destination = noting(duckdb(join(folder, "o.duckdb")), asked);
  await sync({ source, destination });
  change();
  await sync({ source, destination, reconcile: true });
  await sync({ source, destination, fullRefresh: true });
  return asked;
}

function check({ streams }: Source, asked: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const { name, table, needs = [] } of streams) {
    const declared = [...table.primaryKey, ...needs, ...(dispensable[name] ?? [])];
    expect(
      [...(asked.get(table.name) ?? [])].filter((column) => !declared.includes(column)),
      name,
    ).toEqual([]);
    for (const column of needs) expect(Object.keys(table.columns)).toContain(column);
  }
}

test("Airflow's streams declare the columns by which they look rows up", async () => {
  const { url, world, close } = await startAirflowSimulator({ world: createDemoAirflowWorld({ dags: 4, days: 3 }) });
  onTestFinished(close);
  const auth = { username: "admin", password: "admin" };
  const source = airflow({ client: createAirflowClient({ url: url, auth }) }) as Source;
  check(
    source,
    await askedOf(source, () => {
      world.advance(3_600_000);
      const [gone, other] = world.runs().filter(({ state }) => state === "success");
      world.deleteRun(gone!, true);
      world.setRunState(other!, "failed");
      world.addRun(other!.dag);
    }),
  );
});

test("Dagster's streams declare the columns by which they look rows up", async () => {
  const { url, world, close } = await startDagsterSimulator();
  onTestFinished(close);
  const source = dagster({ client: createDagsterClient({ url }) }) as Source;
  check(
    source,
    await askedOf(source, () => {
      world.advance(3_600_000);
      world.deleteRun([...world.runs.values()][0]!);
      world.addRun({ jobName: "score", location: "ml_platform" });
    }),
  );
});
