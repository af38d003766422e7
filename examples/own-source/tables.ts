/** The tables of a build farm: its agents, and how busy they were at each sync. */
import { defineTable, type Row } from "@org/destination";

/** An agent as the server says it. */
export interface Agent {
  readonly id: number;
  readonly name: string;
  readonly busy: number;
  readonly seen?: string | null;
}

export const agentsTable = defineTable({
  name: "farm_agents",
  description: "The agents of a build farm.",
  primaryKey: ["id"],
  columns: {
    id: { type: "int64", description: "Number of the agent." },
    name: { type: "string", description: "Name of the agent." },
    seen_at: { type: "timestamp", nullable: true, description: "When it last reported." },
  },
});

export const agentSamplesTable = defineTable({
  name: "farm_agent_samples",
  description: "How busy the agents of a build farm were at each sync.",
  primaryKey: ["id", "sampled_at"],
  datedBy: ["sampled_at"],
  columns: {
    id: { type: "int64", description: "Number of the agent." },
    sampled_at: { type: "timestamp", description: "When the sample was taken, by the server's clock." },
    busy: { type: "int64", description: "Number of its executors that run a build." },
  },
});

export function agentRow({ id, name, seen }: Agent): Row<typeof agentsTable> {
  return { id, name, seen_at: seen ? timestamp(Date.parse(seen)) : null };
}

export function agentSampleRow({ id, busy }: Agent, at: number): Row<typeof agentSamplesTable> {
  return { id, sampled_at: timestamp(at), busy };
}

/** UTC with six fractional digits, as every timestamp is stored. */
function timestamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, -1)}000Z`;
}
