/** I15: a server newer than any tested version is reported. */
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { memoryDestination } from "@org/destination/memory";
import { createEmptyAirflowWorld, startAirflowSimulator, startDagsterSimulator } from "@org/simulators/internal";
import { airflow } from "@org/sources/airflow";
import { dagster } from "@org/sources/dagster";
import { type Source, type SyncEvent, sync } from "@org/sync-engine";
import { airflowVersions } from "@org/testkit/servers/airflow-versions";
import { dagsterVersions } from "@org/testkit/servers/dagster";
import { describe, expect, onTestFinished, test } from "vitest";
import { testedVersions, untestedNote } from "../src/tested-versions.ts";

test("the versions that count as tested are those that live tests use", () => {
  expect(testedVersions.Airflow).toEqual(airflowVersions.map(({ version }) => version));
  expect(testedVersions.Dagster).toEqual(dagsterVersions.map(({ version }) => version));
});

describe("I15: notices about versions", () => {
  const newer = ["3.5.0", "3.10.1", "3.5.0b1", "v3.5", "4.0.0", "4.0", "3.5+local", "10.1.2"];
  test.each(newer)("Airflow %s is newer", (version) => {
    expect(untestedNote("Airflow", version)).toContain(
      `Airflow ${version} is newer than any version tested, up to 3.4.0b2.`,
    );
  });

  const known = [
    "3.4.0b2",
    "3.4.0",
    "3.4.17",
    "3.4.0rc1",
    "3.3.99",
    "3.0.0",
    "2.11.0",
    "3.2.2+astro.1",
    "3.1.8.post1",
    "v3.1.8",
  ];
  test.each(known)("Airflow %s is not", (version) => {
    expect(untestedNote("Airflow", version)).toBeUndefined();
  });

  test.each(["1.14.0", "1.14rc1", "2.0.0"])("Dagster %s is newer", (version) => {
    expect(untestedNote("Dagster", version)).toContain(`Dagster ${version} is newer`);
  });

  test.each(["1.13.99", "1.11.4", "1.7.0", "0.15.0"])("Dagster %s is not", (version) => {
    expect(untestedNote("Dagster", version)).toBeUndefined();
  });

  test.each(["1!0+dev", "main", "3", "3.", ".5", "3.x", `9${"9".repeat(400)}.1`, "three\nfour"])(
    "%j cannot be compared",
    (version) => {
      const note = untestedNote("Dagster", version)!;
      expect(note).toContain("version cannot be compared with the tested ones, up to 1.13.27");
      expect(note.length).toBeLessThan(300);
    },
  );

  test.each([undefined, null, "", " ", 4, {}, ["3.5"]])("no notice if the server says %j", (version) => {
    expect(untestedNote("Airflow", version)).toBeUndefined();
  });
});

const saidIn = (events: readonly SyncEvent[]) =>
  events.flatMap((event) => (event.type === "notice" && event.code === "UNTESTED_VERSION" ? [event.message] : []));

/** A source's notices about the server's version, at a sync and at a check. */
async function saidOf(
  source: Source,
): Promise<{ readonly sync: readonly string[]; readonly check: readonly string[] }> {
  const events: SyncEvent[] = [];
  await sync({ source, destination: memoryDestination(), onEvent: (event) => events.push(event) });
  const { signal } = new AbortController();
  const { notes } = await source.check({ request: (_, call) => call(signal), signal, now: Date.now, emit() {} });
  return {
    sync: saidIn(events),
    check: notes.filter((note) => note.includes("tested")),
  };
}

async function newerAirflow(answer: { readonly status?: number; readonly body: unknown }): Promise<Source> {
  const simulator = await startAirflowSimulator({ world: createEmptyAirflowWorld() });
  onTestFinished(simulator.close);
  simulator.faults.push({ match: ({ path }) => path === "/api/v2/version", times: 100, ...answer });
  const auth = { username: "admin", password: "admin" };
  return airflow({ client: createAirflowClient({ url: simulator.url, auth }) }) as Source;
}

async function dagsterOf(version: string): Promise<Source> {
  const simulator = await startDagsterSimulator();
  onTestFinished(simulator.close);
  const older: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    const text = (await response.text()).replaceAll('"1.13.27"', JSON.stringify(version));
    return new Response(text, { status: response.status, headers: { "content-type": "application/json" } });
  };
  return dagster({ client: createDagsterClient({ url: simulator.url, fetch: older }) }) as Source;
}

describe("I15: sync and check report it in one line", () => {
  test("of Airflow", async () => {
    const said = await saidOf(await newerAirflow({ body: { version: "3.5.1", git_version: null } }));
    expect(said.sync).toEqual([untestedNote("Airflow", "3.5.1")]);
    expect(said.check).toEqual([untestedNote("Airflow", "3.5.1")]);
  });

  test("of Dagster", async () => {
    const said = await saidOf(await dagsterOf("1.14.0"));
    expect(said.sync).toEqual([untestedNote("Dagster", "1.14.0")]);
    expect(said.check).toEqual([untestedNote("Dagster", "1.14.0")]);
  });

  test("and report nothing about tested versions", async () => {
    const said = [
      await saidOf(await newerAirflow({ body: { version: "3.3.9", git_version: null } })),
      await saidOf(await dagsterOf("1.13.99")),
    ];
    expect(said.flatMap(({ sync, check }) => [...sync, ...check]).filter((each) => each.includes("tested"))).toEqual(
      [],
    );
  });

  test.each([{ body: {} }, { body: { version: 5 } }, { status: 500, body: "no" }, { status: 404, body: "no" }])(
    "and a sync continues if the server says %j",
    async (answer) => {
      const events: SyncEvent[] = [];
      const source = await newerAirflow(answer);
      const result = await sync({ source, destination: memoryDestination(), onEvent: (event) => events.push(event) });
      expect(result.problems).toEqual([]);
      expect(saidIn(events)).toEqual([]);
    },
  );
});
