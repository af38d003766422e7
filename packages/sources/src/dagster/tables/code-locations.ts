import { defineTable } from "@org/destination";

export const codeLocationsTable = defineTable({
  name: "dagster_code_locations",
  description: "The code locations of the workspace, and whether they load.",
  primaryKey: ["name"],
  columns: {
    name: { type: "string", description: "Name of the code location." },
    load_status: { type: "string", description: "LOADED, LOADING, or FAILED." },
    error_class: { type: "string", nullable: true, description: "Class of the exception why it failed to load." },
    error: { type: "string", nullable: true, description: "Message of the exception, with those that caused it." },
    updated_at: { type: "timestamp", description: "When it was last loaded, or failed to." },
    version_key: {
      type: "string",
      nullable: true,
      description: "Differs after every reload. Null if the server's version does not provide it.",
    },
    repositories: { type: "json", description: "Names of its repositories; empty unless it is loaded." },
    library_versions: { type: "json", description: "Versions of Dagster's libraries in it, by name." },
  },
});
