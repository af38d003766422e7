import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAirflowClient } from "@org/airflow-client";
import { duckdb } from "@org/destination/duckdb";
import { createRandom } from "@org/simulators/internal";
import { airflow, dagRunsTable, taskInstancesTable } from "@org/sources/airflow";
import { type SyncEvent, sync } from "@org/sync-engine";
import { readTable } from "@org/testkit/compare";
import { type AirflowServer, startAirflow } from "@org/testkit/servers/airflow";
import {
  attemptDags,
  type People,
  people,
  slashesAllowed,
  writeAttemptDags,
} from "@org/testkit/servers/airflow-attempts";
import { logVersions, moment, versionsBetween } from "@org/testkit/servers/airflow-attempts-log";
import { airflowVersions, newestAirflow } from "@org/testkit/servers/airflow-versions";
import { isAtLeast } from "@org/testkit/servers/for-version";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectTruth } from "./airflow-differences.ts";
import { watchingWholeness, wrongAfter } from "./attempts-check.ts";
import { describeLiveOn, log } from "./live.ts";

const nightly = Boolean(process.env.NIGHTLY);
/** The number of syncs while the scheduler runs, and their time limit. */
const [cycles, enoughMs] = nightly ? [200, 900_000] : [8, 60_000];
/** Time limit for the scheduler to do everything that the test needs. A busy machine needs most of it. */
const deadlineMs = enoughMs + 600_000;
const overlapMs = 20_000;
const seed = Number(process.env.ATTEMPTS_SEED ?? (nightly ? Date.now() % 100_000 : 34));

const tested = airflowVersions.filter(
  ({ version }, index) => version === newestAirflow || (nightly && (index === 0 || version === "3.3.2")),
);
for (const { version, pythons } of tested) {
  describeLiveOn(pythons)(`attempts on a real Airflow ${version} whose scheduler runs`, () => {
    testAttempts(version);
  });
}

function testAttempts(version: string): void {
  const folder = mkdtempSync(join(tmpdir(), "live-attempts-"));
  const path = join(folder, "airflow.duckdb");
  let server: AirflowServer;
  let crowd: People;
  let beginning: string;

  beforeAll(async () => {
    const dagsFolder = join(folder, "dags");
    await writeAttemptDags(dagsFolder);
    server = await startAirflow({ log, version, dagsFolder, scheduler: true, env: slashesAllowed });
    await logVersions(server);
    beginning = await moment(server);
    log(`ATTEMPTS_SEED=${seed}`);
    crowd = await people(server, createRandom(seed));
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Syncs once. @returns its requests for tries, and what was wrong with its batches */
  async function syncNow() {
    const { url, username, password } = server;
    const events: SyncEvent[] = [];
    const wrong: string[] = [];
    const tries: string[] = [];
    let [asking, mostAsking] = [0, 0];
    const counting: typeof fetch = async (input, init) => {
      const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
      if (!pathname.endsWith("/tries")) return fetch(input, init);
      const [, dag, run, task, index] =
        /dags\/(.+)\/dagRuns\/(.+)\/taskInstances\/(.+)\/(.+)\/tries/.exec(pathname) ?? [];
      const ids = [dag, run, task].map((id) => decodeURIComponent(id ?? ""));
      const region = searchParams.has("region_index") ? searchParams.get("region_id") : "";
      const key = JSON.stringify([...ids, Number(index), region, Number(searchParams.get("region_index") ?? -1)]);
      asking += 1;
      mostAsking = Math.max(mostAsking, asking);
      tries.push(key);
      return fetch(input, init).finally(() => {
        asking -= 1;
      });
    };
    const client = createAirflowClient({ url, auth: { username, password }, fetch: counting });
    const destination = watchingWholeness(duckdb(path), (line) => wrong.push(line));
    const onEvent = (event: SyncEvent) => events.push(event);
    const { requests } = await sync({ source: airflow({ client, overlapMs }), destination, onEvent });
    return { requests, events, wrong, tries, mostAsking };
  }

  const taskInstances = () => readTable(path, taskInstancesTable);
  /** Waits until nothing is left to do. On failure, lists what is. */
  const quiet = () =>
    expect
      .poll(
        async () => {
          await crowd.unhang();
          return server.query(
            `select dag_id, run_id, r.state run, task_id, map_index, try_number, t.state
             from dag_run r left join task_instance t using (dag_id, run_id)
             where r.state in ('queued', 'running') and (t.state is null or t.state not in ('success', 'skipped'))
               or t.state in ('scheduled', 'queued', 'running', 'restarting', 'deferred', 'up_for_retry', 'up_for_reschedule')
             union select dag_id, run_id, state, null, null, null, null from dag_run where state in ('queued', 'running')`,
          );
        },
        { timeout: 240_000, interval: 500 },
      )
      .toEqual([]);

  test(
    "I4, I5: every stored attempt existed on the server, while its scheduler and users change them",
    async () => {
      for (const dag of attemptDags) await crowd.trigger(dag, "first");
      await crowd.trigger("retries", "with/slash");
      const started = Date.now();
      let [cycle, requests, asked] = [0, 0, 0];
      let before: Awaited<ReturnType<typeof taskInstances>> = [];
      let missing = await unseen();
      const passedMs = () => Date.now() - started;
      while (missing.length > 0 || (cycle < cycles && passedMs() < enoughMs)) {
        if (passedMs() > deadlineMs) throw new Error(`The scheduler did not do: ${missing.join(", ")}`);
        cycle += 1;
        const from = await moment(server);
        const syncing = syncNow();
        const did = await actUntil(syncing);
        const synced = await syncing;
        const to = await moment(server);
        const after = await taskInstances();
        const runs = await readTable(path, dagRunsTable);
        const wrong = [...synced.wrong, ...(await wrongAfter({ server, from, to, before, after, runs }))];
        wrong.push(...(await needless(synced.tries, before, from, to)));
        expect(wrong, `after sync ${cycle} of ATTEMPTS_SEED=${seed}, beside ${did.join(", ")}`).toEqual([]);
        expect(synced.mostAsking).toBeLessThanOrEqual(8);
        requests += synced.requests;
        asked += synced.tries.length;
        before = after;
        missing = await unseen();
        if (cycle % 10 === 0) log(`not seen after ${cycle} syncs: ${missing.join(", ")}`);
      }
      const versions = await server.query("select kind, count(*)::int n from version_log group by kind order by kind");
      log(`${cycle} syncs in ${Math.round(passedMs() / 1000)} s: ${requests} requests, ${asked} for tries`);
      log(`${before.length} attempts stored; versions logged: ${JSON.stringify(versions)}`);
      log(`people: ${JSON.stringify(crowd.done)}`);
    },
    2 * deadlineMs,
  );

  /** Users act while the sync is running, until it ends. */
  async function actUntil(syncing: Promise<unknown>): Promise<string[]> {
    const did: string[] = [];
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    syncing.then(over, over);
    do {
      did.push(await crowd.act());
      await new Promise((resolve) => setTimeout(resolve, 400));
    } while (!isOver);
    return did;
  }

  /** Tries requested although the table had the attempt, or more often than the attempt changed. */
  async function needless(
    tries: readonly string[],
    before: Awaited<ReturnType<typeof taskInstances>>,
    from: string,
    to: string,
  ): Promise<string[]> {
    const held = await versionsBetween(server, "task_instance", from, to);
    const attempt = (row: Readonly<Record<string, unknown>>) => `${row.id} ${row.try_number}`;
    const known = new Set(before.filter(({ is_latest }) => is_latest).map(attempt));
    return [...Map.groupBy(tries, (key) => key)].flatMap(([key, times]) => {
      const attempts = (held.get(key) ?? []).filter(({ gone, content }) => !gone && Number(content.try_number) > 1);
      const fresh = new Set(attempts.map(({ content }) => attempt(content)).filter((each) => !known.has(each)));
      return times.length > fresh.size ? [`${key}: ${times.length} requests for ${fresh.size} new attempts`] : [];
    });
  }

  /** What the scheduler and users have not done yet. */
  async function unseen(): Promise<string[]> {
    const live = (condition: string) =>
      `exists (select 1 from version_log where kind = 'task_instance' and ${condition})`;
    const state = (name: string) => live(`not gone and content ->> 'state' = '${name}'`);
    const past = (condition: string) =>
      `exists (select 1 from version_log where kind = 'task_instance_history' and ${condition})`;
    const [row = {}] = await server.query<Record<string, boolean>>(`select
      ${["up_for_retry", "up_for_reschedule", "deferred", "restarting", "skipped", "removed"]
        .map((name) => `${state(name)} "${name}"`)
        .join(", ")},
      ${live("gone and key ->> 3 = '-1'")} "a mapped task expands",
      ${live("not gone and content ->> 'state' is null and (content ->> 'try_number')::int > 0")} "cleared and not scheduled",
      ${past("content ->> 'try_number' = '0' and content ->> 'state' = 'skipped'")} "skipped, then cleared",
      ${past("(content ->> 'try_number')::int >= 3")} "a third attempt becomes history",
      exists (select 1 from version_log g join version_log l using (kind, key)
        where kind = 'dag_run' and g.gone and not l.gone and l.n > g.n) "a run is made again"`);
    const undone = Object.entries(crowd.done).filter(([, times]) => times === 0);
    return [...Object.keys(row).filter((name) => !row[name]), ...undone.map(([name]) => name)];
  }

  test("I4: once the changes stop, the next sync ends with the server's own rows, including all attempts", async () => {
    await quiet();
    await syncNow();
    log(`compared, 0 differences: ${JSON.stringify(await expectTruth(server, path))}`);
    expect((await versionsBetween(server, "task_instance", beginning, await moment(server))).size).toBeGreaterThan(10);
  });

  test("if tries are unavailable, attempts seen earlier are kept, and an event says so", async () => {
    const run = { dag_id: "slow", run_id: "again/and/again" };
    await crowd.trigger(run.dag_id, run.run_id);
    await quiet();
    await syncNow();
    const ofRun = async () => (await taskInstances()).filter((row) => row.dag_run_id === run.run_id);
    const [first] = await ofRun();
    expect(first).toMatchObject({ try_number: 1, state: "success", is_latest: true });

    await crowd.clear({ ...run, task_id: "linger" });
    await quiet();
    const { events, tries } = await syncNow();
    expect(tries.filter((key) => key.includes("/"))).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: "notice", code: "TRIES_UNREACHABLE" }));
    const rows = await ofRun();
    expect(rows.find(({ is_latest }) => is_latest)).toMatchObject({ try_number: 2, state: "success" });
    expect(rows.filter(({ is_latest }) => !is_latest)).toEqual([
      { ...first, is_latest: false, id: isAtLeast(version, "3.4") ? first?.id : null, rendered_map_index: null },
    ]);
  });
}
