/** The farm's tests: a server that answers from an array, which the suite changes. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SourceFixture, SourceSuite } from "@org/sync-engine/testing";
import { FarmError, farm } from "./farm.ts";
import { type Agent, agentRow } from "./tables.ts";

/** Fewer rows than requested, so that there are several pages. */
const MOST_ROWS = 50;

export const suite: SourceSuite = { name: "farm", create };

async function create(): Promise<SourceFixture> {
  const seen = "2026-11-30T08:00:00Z";
  const agents: Agent[] = Array.from({ length: 120 }, (_, id) => ({ id, name: `agent ${id}`, busy: id % 3, seen }));
  const server = createServer(({ url }, response) => {
    const { searchParams } = new URL(url ?? "/", "http://farm");
    const [offset, limit] = [Number(searchParams.get("offset")), Number(searchParams.get("limit"))];
    const rows = agents.slice(offset, offset + Math.min(limit, MOST_ROWS));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ agents: rows, total: agents.length }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    source: farm({ url: `http://127.0.0.1:${port}` }),
    lists: { agents },
    changed: (agent) => ({ ...(agent as Agent), name: "another name" }),
    expected: () => ({ farm_agents: agents.map(agentRow) }),
    forbidden: () => new FarmError(403),
    async cleanup() {
      server.closeAllConnections();
      server.close();
    },
  };
}
