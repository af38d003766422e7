import { inOrderOf, limitParameter, lineOf, within } from "../common.ts";
import { SECOND } from "../moments.ts";
import { defineQuestion, type SqlRow } from "../question.ts";

export const importErrors = defineQuestion({
  name: "import_errors",
  sentence: "Which DAG files and code locations cannot be loaded, and since when?",
  limits:
    "Airflow only says when a file last failed, so its error counts from the first sync that saw it, where that is known. When it was fixed is known to the precision of a sync. Dagster's code locations are shown as they are now: those that load again are not listed.",
  tables: ["airflow_import_errors", "dagster_code_locations"],
  parameters: limitParameter(200),
  columns: {
    orchestrator: { type: "text", description: "airflow or dagster." },
    pipeline: { type: "text", description: "The pipeline that synced it." },
    file: { type: "text", description: "The file, or the code location." },
    bundle: { type: "text", nullable: true, description: "The file's bundle." },
    state: { type: "text", description: "open, or fixed within the window." },
    since: { type: "moment", nullable: true, description: "Since when it is known to fail." },
    last_failed: { type: "moment", description: "When it last failed." },
    fixed: { type: "moment", nullable: true, description: "When a sync found it fixed." },
    lasted: { type: "number", nullable: true, unit: "s", description: "How long it has failed, or did." },
    error: { type: "text", nullable: true, description: "The line of the message that says what is wrong." },
  },
  isFinding: ({ state }) => state === "open",
  chart: { kind: "table" },
  sql: ({ window }) => `
    SELECT 'airflow' AS orchestrator, pipeline, coalesce(filename, '(unknown)') AS file, bundle_name AS bundle,
      first_seen_at AS since, timestamp AS last_failed, _deleted_at AS fixed, stack_trace AS message
    FROM airflow_import_errors WHERE _deleted_at IS NULL OR ${within("_deleted_at", window)}
    UNION ALL
    SELECT 'dagster', pipeline, name, NULL, updated_at, updated_at, NULL, error
    FROM dagster_code_locations WHERE load_status = 'FAILED'`,
  finish(rows, { asOf, parameters }) {
    const found = rows.map(({ message, ...row }): SqlRow => {
      const isOpen = row.fixed === null;
      const until = isOpen ? asOf : Number(row.fixed);
      return {
        ...row,
        state: isOpen ? "open" : "fixed",
        lasted: row.since === null ? null : Math.max(0, until - Number(row.since)) / SECOND,
        // A traceback ends with the error, the message of a code location begins with it.
        error: lineOf(message, row.orchestrator === "airflow" ? "last" : "first"),
      };
    });
    const order = (row: SqlRow) => (row.state === "open" ? 0 : 1);
    return found
      .sort(
        (a, b) =>
          order(a) - order(b) ||
          Number(b.lasted ?? 0) - Number(a.lasted ?? 0) ||
          inOrderOf(a, b, ["file", "bundle", "pipeline", "last_failed"]),
      )
      .slice(0, parameters.limit);
  },
});
