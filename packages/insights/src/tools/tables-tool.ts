/** Describes the stored tables for authors of SQL. */
import type { Column, ColumnType, Destination, SqlReader, StoredPipeline, Table } from "@org/destination";
import { knownTable, type TableName, tableNames } from "../tables.ts";
import { plainRow } from "./fit.ts";
import {
  checkArguments,
  during,
  type InsightsTool,
  type InsightsToolOptions,
  notice,
  storedPipelines,
} from "./tool.ts";

const inputSchema = {
  type: "object",
  properties: {
    table: { type: "string", enum: tableNames, description: "Only this table, whatever its prefix. Default: all." },
  },
  additionalProperties: false,
} as const;

const outputSchema = {
  type: "object",
  properties: {
    notice: { type: "string" },
    as_of: { type: "string", description: "The time of the data, in UTC." },
    dialect: { type: "string", description: "The SQL dialect that query accepts." },
    how_to_read: { type: "array", items: { type: "string" } },
    tables: {
      type: "array",
      items: {
        type: "object",
        properties: {
          name: { type: "string" },
          description: { type: "string" },
          key: { type: "array", items: { type: "string" } },
          stored: { type: "array", items: { type: "object" }, description: "The stored tables, by pipeline." },
          columns: { type: "array", items: { type: "object" } },
        },
      },
    },
  },
  required: ["notice", "as_of", "dialect", "how_to_read", "tables"],
} as const;

export function tablesTool(
  destination: Destination,
  { pipelines, tables: known = async () => [] }: InsightsToolOptions,
): InsightsTool {
  const name = "describe_tables";
  return {
    name,
    title: "Which tables and columns are there?",
    description: `Tables that query can read: how SQL names them, their columns with types and meaning, rows, pipelines, and how deleted rows and attempts are to be read. ${notice}`,
    inputSchema,
    outputSchema,
    call: (given, signal) => {
      checkArguments(name, inputSchema, given);
      return during(destination, signal, async (insights) => {
        const { contents, asOf } = insights;
        const of = storedPipelines(pipelines, insights);
        const shown = of ? contents.filter(({ pipeline }) => of.includes(pipeline)) : contents;
        const reader = await destination.read!({ signal });
        try {
          const found = tableNames.filter((each) => given.table === undefined || each === given.table);
          const descriptions = await known();
          const described = found.flatMap((each) => tableOf(each, shown, reader, descriptions) ?? []);
          return {
            notice,
            as_of: asOf,
            dialect: reader.dialect,
            how_to_read: howToRead(reader.dialect),
            tables: described,
          };
        } finally {
          await reader.close();
        }
      });
    },
  };
}

function tableOf(name: TableName, contents: readonly StoredPipeline[], reader: SqlReader, known: readonly Table[]) {
  const stored = contents.flatMap(({ pipeline, tables }) =>
    tables.filter((each) => knownTable(each.name) === name).map((each) => ({ pipeline, ...each })),
  );
  if (stored.length === 0) return undefined;
  const table = known.find((each) => each.name === name);
  const all = [...new Set(stored.flatMap(({ columns }) => columns))];
  return {
    name,
    ...(table && { description: table.description, key: table.primaryKey }),
    stored: stored.map(({ pipeline, name: own, rows, deleted, columns }) => {
      const lacks = all.filter((column) => !columns.includes(column));
      return plainRow({
        pipeline,
        sql: reader.table({ name: own }),
        rows,
        deleted,
        ...(lacks.length > 0 && { lacks }),
      });
    }),
    columns: all.map((column) => columnOf(column, table?.columns[column], reader.dialect)),
  };
}

function columnOf(name: string, column: Column | undefined, dialect: SqlReader["dialect"]) {
  return plainRow({ name, ...(column && { type: types[dialect][column.type], description: column.description }) });
}

const types: Readonly<Record<SqlReader["dialect"], Readonly<Record<ColumnType, string>>>> = {
  duckdb: {
    string: "VARCHAR",
    int64: "BIGINT",
    float64: "DOUBLE",
    boolean: "BOOLEAN",
    timestamp: "TIMESTAMPTZ",
    json: "JSON",
  },
  postgres: {
    string: "text",
    int64: "bigint",
    float64: "double precision",
    boolean: "boolean",
    timestamp: "timestamptz",
    json: "jsonb",
  },
  sqlite: {
    string: "TEXT",
    int64: "INTEGER",
    float64: "REAL",
    boolean: "INTEGER, 0 or 1",
    timestamp: "TEXT, as in 2026-11-21T09:30:00.123456Z",
    json: "TEXT of JSON",
  },
};

function howToRead(dialect: SqlReader["dialect"]): readonly string[] {
  return [
    "Times are in UTC. Now means as_of, not the current time: a run does not take hours just because there was no sync.",
    "Every table has _synced_at, when the row last changed here, and _deleted_at. Rows with _deleted_at are gone from the server: leave them out (WHERE _deleted_at IS NULL), as all other tools do.",
    "Rows with purged_at were removed by the server's retention. They are history, and count.",
    "airflow_task_instances has a row per attempt. is_latest marks the current one of each task instance. An attempt that ran has try_number >= 1 and a start_date; try_number 0 has not started yet.",
    "An earlier attempt that started has failed if its state is failed or up_for_retry. A run may have been cleared and run again: then its task instances started before its own start_date.",
    "dagster_runs has a row per run. A re-execution has the id of the run it repeats in parent_run_id, and that of the first one in root_run_id.",
    ...(dialect === "sqlite" ? ["Times are text and sort correctly; unixepoch(substr(x, 1, 19)) gives seconds."] : []),
    "Aggregate in SQL, and select few columns: conf, tags and notes can be long.",
  ];
}
