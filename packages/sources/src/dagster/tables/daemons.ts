import type { DaemonStatus } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";
import { textOfProblem } from "../further/problem.ts";

export const daemonsTable = defineTable({
  name: "dagster_daemons",
  description: "How the parts of Dagster's daemon were doing at each sync.",
  primaryKey: ["daemon_type", "sampled_at"],
  datedBy: ["sampled_at"],
  columns: {
    daemon_type: { type: "string", description: "What the part does, e.g. SCHEDULER or SENSOR." },
    sampled_at: { type: "timestamp", description: "When the sample was taken, by the server's clock." },
    required: { type: "boolean", description: "Whether this deployment needs it." },
    healthy: { type: "boolean", nullable: true, description: "Dagster's verdict; null if it never reported." },
    last_heartbeat_time: {
      type: "timestamp",
      nullable: true,
      description: "When it last reported; null if it never did.",
    },
    error: { type: "string", nullable: true, description: "Messages of the exceptions that it last reported." },
  },
});

export function daemonRow(status: DaemonStatus, sampledAt: string): Row<typeof daemonsTable> {
  const { lastHeartbeatTime: time, lastHeartbeatErrors: errors } = status;
  return {
    daemon_type: status.daemonType,
    sampled_at: sampledAt,
    required: status.required,
    healthy: status.healthy,
    last_heartbeat_time: time === null ? null : timestampOfSeconds(time),
    error: errors?.length ? errors.map(textOfProblem).join("\n") : null,
  };
}
