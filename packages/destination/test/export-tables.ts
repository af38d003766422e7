/** Tables to export: one with a history, and one without. */
import { defineTable } from "@org/destination";

export const runs = defineTable({
  name: "runs",
  description: "Runs with a history.",
  primaryKey: ["id"],
  datedBy: ["created", "begun"],
  columns: {
    id: { type: "int64", description: "" },
    name: { type: "string", nullable: true, description: "" },
    created: { type: "timestamp", nullable: true, description: "" },
    begun: { type: "timestamp", nullable: true, description: "" },
    seconds: { type: "float64", nullable: true, description: "" },
    done: { type: "boolean", nullable: true, description: "" },
    conf: { type: "json", nullable: true, description: "" },
  },
});

export const places = defineTable({
  name: "places",
  description: "What is there now.",
  primaryKey: ["id"],
  columns: { id: { type: "string", description: "" } },
});
