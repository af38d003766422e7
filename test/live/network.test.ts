/**
 * Network faults (I9): during a complete sync of a real server, each fault must end in the server's own rows or in an error
 * that names the cause, never in success with fewer rows.
 */

import { memoryDestination } from "@org/destination/memory";
import { SyncError } from "@org/sync-engine";
import { newestAirflow } from "@org/testkit/servers/airflow-versions";
import { expiredToken } from "@org/testkit/servers/expired-token";
import { type ProxyFault, startSilentServer, startStranger } from "@org/testkit/servers/fault-proxy";
import { lasting, nginx, passing } from "@org/testkit/servers/faults";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { describeLive, log } from "./live.ts";
import { type NetworkServer, startNetworkAirflow, startNetworkDagster, syncOnce } from "./network-servers.ts";

const nightly = Boolean(process.env.NIGHTLY);
/** Number of points at which a response is cut, spread over its length. At night, each byte. */
const cuts = nightly ? Number.POSITIVE_INFINITY : 40;
/** At night, a page of 100 KB is requested once per byte. */
const timeoutMs = nightly ? 7_200_000 : 300_000;
/** Maximum rows in a response before the proxy times out. */
const tooMany = 60;

describeLive(`a real Airflow ${newestAirflow} behind a faulty network`, () =>
  testNetwork("airflow", startNetworkAirflow),
);
describeLive("a real Dagster 1.13.27 behind a faulty network", () => testNetwork("dagster", startNetworkDagster));

function testNetwork(kind: "airflow" | "dagster", start: () => Promise<NetworkServer>): void {
  let server: NetworkServer;

  beforeAll(async () => {
    server = await start();
    const destination = memoryDestination();
    const { requests } = await syncOnce(server.source(), destination);
    server.expectTruth(destination);
    log(`a first sync without a fault: ${requests} requests`);
    const unasked = Object.entries(server.places).filter(([, isPlace]) => !server.proxy.requests.some(isPlace));
    expect(unasked.map(([place]) => place)).toEqual([]);
    server.proxy.clear();
  });
  afterAll(() => server?.stop());
  afterEach(() => server?.proxy.clear());

  /** Runs a sync that must fail, then one without a fault. */
  async function expectFailure(fault: ProxyFault, says: RegExp, requests = {}): Promise<void> {
    const destination = memoryDestination();
    server.proxy.script({ times: Number.POSITIVE_INFINITY, ...fault });
    const error = await syncOnce(server.source(), destination, requests).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({ code: "STREAMS_FAILED", message: expect.stringMatching(says) });
    server.expectNothingInvented(destination);
    server.proxy.clear();
    await syncOnce(server.source(), destination);
    server.expectTruth(destination);
  }

  /** Syncs once. Every other request hits one of these faults, in turn. */
  async function expectPassing(faults: readonly ProxyFault[]): Promise<void> {
    let asked = 0;
    const met = new Set<number>();
    for (const [index, fault] of faults.entries()) {
      const match = () => {
        const isHit = asked % (2 * faults.length) === 2 * index;
        if (isHit) {
          asked += 1;
          met.add(index);
        }
        return isHit;
      };
      server.proxy.script({ ...fault, match, times: Number.POSITIVE_INFINITY });
    }
    // Evaluated last: this request hit no fault.
    const count = () => {
      asked += 1;
      return false;
    };
    server.proxy.script({ match: count });
    while (met.size < faults.length) {
      const destination = memoryDestination();
      await syncOnce(server.source(), destination, { retries: 20, attemptMs: 3_000 });
      server.expectTruth(destination);
    }
  }

  test("a temporary failure of any kind costs no row", () => expectPassing(Object.values(passing)));

  for (const [name, fault] of nightly ? Object.entries(passing) : []) {
    test(`${name} at every other request costs no row`, () => expectPassing([fault]));
  }

  describe("a permanent failure ends in an error that names it", () => {
    const all = Object.entries(lasting);
    test.each(all)(
      "%s",
      async (name, { fault, says }) => {
        // A login's response is read whatever its content type: it contains a token, or it does not.
        const isRead = (place: string) => name === "the wrong content type" && place === "login";
        const places = Object.entries(server.places).filter(([place]) => !isRead(place));
        const index = all.findIndex(([other]) => other === name);
        // At a different point for each fault. At night, at every point.
        for (const [place, match] of nightly ? places : [places[index % places.length]!]) {
          log(`${name}: ${place}`);
          const attemptMs = fault.stall ? 1_000 : 60_000;
          await expectFailure({ ...fault, match }, says, { retries: 2, attemptMs });
        }
      },
      timeoutMs,
    );
  });

  test(
    "every page of every listing, truncated at any byte, is requested again",
    async () => {
      const destination = memoryDestination();
      const done = new Map<string, number>();
      for (const [place, match] of Object.entries(server.places)) {
        let next = 0;
        const cut = (body: Buffer) => {
          const step = Math.max(1, Math.floor(body.length / cuts));
          const at = next * step;
          next += 1;
          done.set(place, Math.min(at, body.length));
          if (at >= body.length) return undefined;
          return { at, end: next % 2 ? ("length" as const) : ("close" as const) };
        };
        server.proxy.script({ match, times: Number.POSITIVE_INFINITY, cut, replay: true });
      }
      await syncOnce(server.source(), destination, { retries: 1_000_000, retryWaitMs: 0, totalMs: timeoutMs });
      log(`cut: ${server.proxy.requests.length} requests; ${JSON.stringify(Object.fromEntries(done))} bytes`);
      expect(done.size).toBe(Object.keys(server.places).length);
      server.expectTruth(destination);
    },
    timeoutMs,
  );

  test("a query that exceeds the proxy's timeout is repeated in smaller parts, and no row is lost", async () => {
    const isSlow: ProxyFault["match"] = (request) => (server.wanted(request) ?? 0) > tooMany;
    server.proxy.script({ match: isSlow, answer: nginx(504, "Gateway Time-out"), times: Number.POSITIVE_INFINITY });
    const destination = memoryDestination();
    await syncOnce(server.source(), destination);
    expect(server.proxy.requests.some(isSlow)).toBe(true);
    server.expectTruth(destination);
  });

  test.each([301, 302, 307, 308])("no credential follows a redirect %i to another host", async (status) => {
    const stranger = await startStranger();
    try {
      const places = Object.values(server.places);
      for (const match of nightly ? places : [places[status % places.length]!]) {
        const answer = ({ path }: { path: string }) => ({ status, headers: { location: stranger.url + path } });
        await expectFailure({ match, answer }, new RegExp(stranger.url));
      }
      expect(stranger.received).toEqual([]);
    } finally {
      await stranger.close();
    }
  });

  test("a page that repeats endlessly ends in an error", async () => {
    const seen: string[] = [];
    const spoil: ProxyFault["spoil"] = (answer) => {
      const json = JSON.parse(answer.body.toString()) as { next_cursor?: string | null };
      // The second page token leads back to the first one.
      if (json.next_cursor) seen.push(json.next_cursor);
      if (seen.length > 1) json.next_cursor = seen[(seen.length - 1) % 2]!;
      return { ...answer, body: Buffer.from(JSON.stringify(json)) };
    };
    const { places } = server;
    const isAirflow = kind === "airflow";
    let first: Buffer | undefined;
    const same: ProxyFault["spoil"] = (answer) => {
      first ??= answer.body;
      return { ...answer, body: first };
    };
    const match = isAirflow ? places["changed task instances"]! : places.runs!;
    await expectFailure(
      { match, spoil: isAirflow ? spoil : same },
      /(never ends: (a page token was repeated|\d+ pages in a row contained nothing new)|returns to)/,
    );
  });

  if (kind === "airflow") {
    test("a token that expires halfway is renewed", async () => {
      const { jwtSecret, proxy } = server;
      let first: string | undefined;
      let asked = 0;
      const match: ProxyFault["match"] = ({ headers: { authorization } }) => {
        first ??= authorization;
        return authorization !== undefined && authorization === first && ++asked > 20;
      };
      const authorization = `Bearer ${expiredToken(jwtSecret!)}`;
      proxy.script({ match, sendHeaders: { authorization }, times: Number.POSITIVE_INFINITY });
      const destination = memoryDestination();
      await syncOnce(server.source(), destination);
      server.expectTruth(destination);
      expect(proxy.requests.filter(({ path }) => path === "/auth/token")).toHaveLength(2);
      expect(asked).toBeGreaterThan(20);
    });
  } else {
    test("errors next to data are an error, and store no rows", async () => {
      const spoil: ProxyFault["spoil"] = (answer) => {
        const json = { ...JSON.parse(answer.body.toString()), errors: [{ message: "half of it is missing" }] };
        return { ...answer, body: Buffer.from(JSON.stringify(json)) };
      };
      for (const match of Object.values(server.places)) {
        await expectFailure({ match, spoil }, /only a part of the data arrived. half of it is missing/, { retries: 1 });
      }
    });
  }

  test("a host that does not exist, a closed port, and a server that never answers end it", async () => {
    const silent = await startSilentServer();
    const closed = await startSilentServer();
    await closed.close();
    const quickly = { retries: 3 };
    const shortly = { retries: 100, attemptMs: 300, totalMs: 1_500 };
    const ends = [
      {
        url: "http://no-such-host.invalid",
        says: /no-such-host.invalid.*(not found|ENOTFOUND|EAI_AGAIN)/,
        limits: quickly,
      },
      { url: closed.url, says: /(nothing listens at that address|ECONNREFUSED)/, limits: quickly },
      { url: silent.url, says: /no response within/, limits: shortly },
    ];
    try {
      for (const { url, says, limits } of ends) {
        const ended = syncOnce(server.source(url), memoryDestination(), limits);
        await expect(ended).rejects.toMatchObject({ retryable: true, message: expect.stringMatching(says) });
      }
    } finally {
      await silent.close();
    }
  });
}
