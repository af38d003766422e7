import type { CodeLocationEntry } from "@org/dagster-client/sync";
import { defineTable, type Row } from "@org/destination";
import { timestampOfSeconds } from "../../timestamp.ts";
import { textOfProblem } from "../further/problem.ts";

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

export function codeLocationRow(entry: CodeLocationEntry): Row<typeof codeLocationsTable> {
  const content = entry.locationOrLoadError;
  const loaded = content?.__typename === "RepositoryLocation" ? content : undefined;
  const error = content && content.__typename !== "RepositoryLocation" ? content : undefined;
  const versions = loaded?.dagsterLibraryVersions ?? [];
  return {
    name: entry.name,
    load_status: error ? "FAILED" : entry.loadStatus,
    error_class: error?.className ?? null,
    error: error ? textOfProblem(error) : null,
    updated_at: timestampOfSeconds(entry.updatedTimestamp),
    version_key: entry.versionKey ?? null,
    repositories: (loaded?.repositories ?? []).map(({ name }) => name),
    library_versions: Object.fromEntries(versions.map(({ name, version }) => [name, version])),
  };
}
