/** Runs SQL that an agent writes. */
import type { Destination, SqlReader } from "@org/destination";
import { InsightsError } from "../errors.ts";
import { checkSql } from "./check-sql.ts";
import { FittingRows, MOST_BYTES } from "./fit.ts";
import { checkArguments, during, type InsightsTool, notice } from "./tool.ts";

const USUAL_ROWS = 200;
const MOST_ROWS = 1000;
/** The number of omitted rows that are counted, and for how long, in ms. */
const counting = { rows: 100_000, ms: 5000 };

const inputSchema = {
  type: "object",
  properties: {
    sql: {
      type: "string",
      description: "One SELECT, WITH or VALUES, in the dialect and with the names that describe_tables gives.",
    },
    max_rows: {
      type: "integer",
      minimum: 1,
      maximum: MOST_ROWS,
      default: USUAL_ROWS,
      description: "Maximum number of rows.",
    },
  },
  required: ["sql"],
  additionalProperties: false,
} as const;

const outputSchema = {
  type: "object",
  properties: {
    notice: { type: "string" },
    as_of: { type: "string", description: "The time of the data, in UTC." },
    total_rows: { type: "integer", description: "Number of rows of the query, or a lower bound (see note)." },
    note: { type: "string", description: "Present if rows were omitted: how many, and how to narrow the question." },
    rows: { type: "array", items: { type: "object" } },
  },
  required: ["notice", "as_of", "total_rows", "rows"],
} as const;

export function queryTool(destination: Destination): InsightsTool {
  const name = "query";
  return {
    name,
    title: "Query with SQL",
    description: `Rows of a query that only reads. Prefer the tools for questions, which know re-runs, retries and deleted rows; call describe_tables first. ${notice}`,
    inputSchema,
    outputSchema,
    async call(given, signal) {
      checkArguments(name, inputSchema, given);
      const { sql, max_rows: most = USUAL_ROWS } = given;
      if (typeof sql !== "string" || sql.trim() === "")
        throw invalid("query: sql must be a string: one SELECT statement.");
      if (typeof most !== "number" || !Number.isInteger(most) || most < 1 || most > MOST_ROWS)
        throw invalid(`query: max_rows must be a whole number from 1 to ${MOST_ROWS}.`);
      // Inspected each time: a destination may serve copies, each as of its inspection.
      return during(destination, signal, async ({ asOf }) => {
        const reader = await destination.read!({ signal });
        try {
          checkSql(sql, reader.dialect);
          return { notice, as_of: asOf, ...(await resultOf(reader, sql, most)) };
        } finally {
          await reader.close();
        }
      });
    },
  };
}

async function resultOf(reader: SqlReader, sql: string, most: number) {
  const fitting = new FittingRows(most);
  let isCounted = true;
  let fullAt: number | undefined;
  for await (const page of reader.pages(sql)) {
    for (const row of page) fitting.add(row);
    if (!fitting.isCut) continue;
    fullAt ??= performance.now();
    isCounted = fitting.total - fitting.rows.length <= counting.rows && performance.now() - fullAt < counting.ms;
    if (!isCounted) break;
  }
  const { rows, total } = fitting;
  const narrow = "Narrow the question: LIMIT, fewer columns, or a GROUP BY.";
  const why = rows.length < most ? ` More would be over ${MOST_BYTES / 1000} kB.` : "";
  const all = `${isCounted ? "" : "more than "}${total} rows`;
  const note = fitting.isCut && { note: `The first ${rows.length} of ${all}.${why} ${narrow}` };
  return { total_rows: total, ...note, rows };
}

function invalid(message: string): InsightsError {
  return new InsightsError("INVALID_PARAMETER", message);
}
