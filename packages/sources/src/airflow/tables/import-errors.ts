import type { ImportError } from "@org/airflow-client";
import { defineTable, type Row } from "@org/destination";
import { timeColumn } from "../../timestamp.ts";

export const importErrorsTable = defineTable({
  name: "airflow_import_errors",
  description:
    "The errors that kept Airflow from importing files with DAGs. Once a file is fixed, its error is marked with _deleted_at.",
  primaryKey: ["import_error_id"],
  columns: {
    import_error_id: { type: "int64", description: "Unique identifier. A file that fails again later gets a new one." },
    timestamp: { type: "timestamp", description: "When the file last failed to be imported." },
    first_seen_at: {
      type: "timestamp",
      nullable: true,
      description:
        "When a sync first saw the error, by the server's clock. Null if it was fixed before there was this column.",
    },
    filename: { type: "string", nullable: true, description: "File that failed, relative to its bundle." },
    bundle_name: { type: "string", nullable: true, description: "Bundle that the file is in." },
    stack_trace: { type: "string", nullable: true, description: "Traceback of the error." },
  },
});

export function importErrorRow(error: ImportError, firstSeenAt: string): Row<typeof importErrorsTable> {
  return {
    import_error_id: error.import_error_id,
    timestamp: timeColumn(error.timestamp),
    first_seen_at: firstSeenAt,
    filename: error.filename ?? null,
    bundle_name: error.bundle_name ?? null,
    stack_trace: error.stack_trace ?? null,
  };
}
