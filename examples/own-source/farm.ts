/** A build farm as a source of two streams. Its server lists agents in pages: GET /agents?offset=0&limit=100. */
import {
  createServerClock,
  defineStream,
  expectShape,
  type Position,
  parseHttpDate,
  readWholeList,
  type Source,
  type SourceContext,
  samples,
  shapes,
  uniqueRows,
  wholeBatch,
} from "@org/sync-engine/source";
import { type Agent, agentRow, agentSampleRow, agentSamplesTable, agentsTable } from "./tables.ts";

const LIMIT = 100;
const { count, id, integer, list, object, optional, text } = shapes;
const page = object({
  agents: list(object({ id: integer, name: id, busy: count, seen: optional(text) })),
  total: count,
});

/** What the streams share during a sync. */
interface Farm {
  /** The agents, and when they were listed; undefined if the user may not list them. Requested once. */
  agents(): Promise<{ readonly agents: readonly Agent[]; readonly at: number } | undefined>;
  /** The clocks before anything was read. */
  position(): Position;
}

type State = { readonly position: Position };

const agents = defineStream<Farm, typeof agentsTable, State>({
  name: "agents",
  table: agentsTable,
  revision: 1,
  async *read({ shared: farm, reconcile }) {
    const listed = await farm.agents();
    if (!listed) return;
    yield wholeBatch(agentsTable, listed.agents.map(agentRow), { state: { position: farm.position() }, reconcile });
  },
});

const agentSamples = defineStream<Farm, typeof agentSamplesTable, State>({
  name: "agent_samples",
  table: agentSamplesTable,
  revision: 1,
  isOptIn: true,
  isSampled: true,
  async *read({ shared: farm, ...context }) {
    const listed = await farm.agents();
    if (!listed) return;
    const rows = listed.agents.map((agent) => agentSampleRow(agent, listed.at));
    yield* samples(agentSamplesTable, { rows, at: listed.at, state: { position: farm.position() } }, context);
  },
});

/** An answer that is not a success. The engine retries what is `retryable`. */
export class FarmError extends Error {
  readonly status: number;
  readonly retryable: boolean;

  constructor(status: number) {
    super(`The build farm answered ${status}.`);
    this.status = status;
    this.retryable = status >= 500;
  }
}

export function farm({ url }: { readonly url: string }): Source<Farm> {
  const get = async (path: string, signal: AbortSignal) => {
    const response = await fetch(`${url}${path}`, { signal });
    if (!response.ok) throw new FarmError(response.status);
    return { data: await response.json(), date: response.headers.get("date") };
  };
  function start({ request, emit, now }: SourceContext): Farm {
    const clock = createServerClock({ emit, now });
    async function list() {
      let at = Number.NaN;
      const agents = await readWholeList<Agent>({
        what: "agents",
        emit,
        keyOf: (agent) => String(agent.id),
        isUnavailable: (error) => error instanceof FarmError && error.status === 403,
        async page(offset) {
          const path = `/agents?offset=${offset}&limit=${LIMIT}`;
          const { data, date } = await request("agents", (signal) => get(path, signal));
          clock.see(date);
          if (offset === 0) at = parseHttpDate(date ?? "") ?? now();
          expectShape(page, data, "The list of agents");
          return {
            rows: uniqueRows(data.agents as Agent[], ["id"], "The list of agents"),
            total: data.total,
            limit: LIMIT,
          };
        },
      });
      return agents && { agents, at };
    }
    let listed: ReturnType<typeof list> | undefined;
    return { agents: () => (listed ??= list()), position: clock.position };
  }
  return {
    name: "farm",
    url,
    streams: [agents, agentSamples],
    start,
    async check({ request }) {
      const { data } = await request("the farm", (signal) => get("/version", signal));
      return { version: String(data.version), notes: [] };
    },
  };
}
