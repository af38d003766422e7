import type { Pool } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";

const slotColumns = {
  slots: { type: "int64", description: "Number of its slots; -1 means unlimited." },
  occupied_slots: {
    type: "int64",
    description: "Slots of running and queued task instances, and of deferred ones if the pool includes them.",
  },
  running_slots: { type: "int64", description: "Slots of running task instances." },
  queued_slots: { type: "int64", description: "Slots of queued task instances." },
  scheduled_slots: { type: "int64", description: "Slots that scheduled task instances wait for." },
  deferred_slots: { type: "int64", description: "Slots of deferred task instances." },
  open_slots: { type: "int64", description: "Free slots; -1 means unlimited." },
} as const;

export const poolsTable = defineTable({
  name: "airflow_pools",
  description: "The pools of an Airflow deployment, with how full they were at the last sync.",
  primaryKey: ["name"],
  columns: {
    name: { type: "string", description: "Name of the pool." },
    ...slotColumns,
    include_deferred: { type: "boolean", description: "Whether deferred task instances take slots." },
    description: { type: "string", nullable: true, description: "Description of the pool." },
    team_name: {
      type: "string",
      nullable: true,
      description: "Team that owns it, if there are teams. Null before Airflow 3.2.",
    },
  },
});

export const poolSamplesTable = defineTable({
  name: "airflow_pool_samples",
  description: "How full the pools of an Airflow deployment were at each sync.",
  primaryKey: ["name", "sampled_at"],
  datedBy: ["sampled_at"],
  columns: {
    name: { type: "string", description: "Name of the pool." },
    sampled_at: { type: "timestamp", description: "When the sample was taken, by the server's clock." },
    ...slotColumns,
  },
});

function slotsOf(pool: Pool) {
  const { slots, occupied_slots, running_slots, queued_slots, scheduled_slots, deferred_slots, open_slots } = pool;
  return { slots, occupied_slots, running_slots, queued_slots, scheduled_slots, deferred_slots, open_slots };
}

export function poolRow(pool: Pool): Row<typeof poolsTable> {
  const { name, include_deferred, description = null, team_name = null } = pool;
  return { name, ...slotsOf(pool), include_deferred, description, team_name };
}

export function poolSampleRow(pool: Pool, sampledAt: string): Row<typeof poolSamplesTable> {
  return { name: pool.name, sampled_at: sampledAt, ...slotsOf(pool) };
}
