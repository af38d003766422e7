import { defineTable } from "@org/destination";

export const assetsTable = defineTable({
  name: "dagster_assets",
  description: "The assets that are defined or were ever materialized.",
  primaryKey: ["id"],
  columns: {
    id: { type: "string", description: 'The asset key\'s path as compact JSON, e.g. ["my","asset"].' },
    key_path: { type: "string", description: "The same path joined by dots, for reading: it is not unique." },
    description: { type: "string", nullable: true, description: "Description of the asset's definition." },
    last_materialization_run_id: {
      type: "string",
      nullable: true,
      description: "Run of the last materialization; null where it came from outside a run.",
    },
    last_materialization_time: {
      type: "timestamp",
      nullable: true,
      description: "When the asset was last materialized.",
    },
    group_name: { type: "string", nullable: true, description: "Asset group." },
    repository: {
      type: "string",
      nullable: true,
      description: "Repository that defines the asset; null for one known by its events only.",
    },
    code_location: {
      type: "string",
      nullable: true,
      description: "Code location that defines the asset; null for one known by its events only.",
    },
  },
});
