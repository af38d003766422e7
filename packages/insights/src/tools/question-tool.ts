/** A question as a tool. */
import type { Destination } from "@org/destination";
import type { Answer } from "../answer.ts";
import { InsightsError } from "../errors.ts";
import type { AnswerColumn, AnswerColumns, Parameter, Question } from "../question.ts";
import type { Scope } from "../scope.ts";
import { FittingRows } from "./fit.ts";
import {
  checkArguments,
  during,
  type InsightsTool,
  type InsightsToolOptions,
  type JsonSchema,
  notice,
  storedPipelines,
  type ToolResult,
} from "./tool.ts";

export function questionTool(
  destination: Destination,
  question: Question,
  { pipelines, timezone, parameters = {} }: InsightsToolOptions,
): InsightsTool {
  const { name, sentence, limits } = question;
  const inputSchema = inputOf(question);
  const said = Object.fromEntries(
    Object.entries(parameters).filter(([key]) => Object.hasOwn(question.parameters, key)),
  );
  return {
    name,
    title: sentence,
    description: [sentence, limits, notice].filter(Boolean).join(" "),
    inputSchema,
    outputSchema: outputOf(question.columns),
    call: (given, signal) => {
      checkArguments(name, inputSchema, given);
      const asked: Record<string, unknown> = { ...said, ...given };
      checkAllowed(given.pipelines, pipelines);
      return during(destination, signal, async (insights) => {
        const scope: Scope = { ...(timezone !== undefined && { timezone }) };
        const of = given.pipelines ?? storedPipelines(pipelines, insights);
        const answer = await insights.answer(question, {
          ...scope,
          ...asked,
          ...(of ? { pipelines: of } : {}),
        } as object);
        return resultOf(answer, asked.limit ?? limitOf(question));
      });
    },
  };
}

/** Rejects pipelines that are not served. */
function checkAllowed(wanted: unknown, allowed: readonly string[] | undefined): void {
  if (!allowed || !Array.isArray(wanted)) return;
  const other = wanted.find((name) => !allowed.includes(name));
  if (other === undefined) return;
  throw new InsightsError(
    "INVALID_PARAMETER",
    `pipelines: ${JSON.stringify(other)} is not served here. There are: ${allowed.join(", ")}.`,
  );
}

function limitOf({ parameters }: Question): unknown {
  return Object.hasOwn(parameters, "limit") ? parameters.limit?.default : undefined;
}

function resultOf({ question, rows, asOf, window, timezone, note }: Answer, limit: unknown): ToolResult {
  const fitting = new FittingRows();
  for (const row of rows) fitting.add(row);
  const columns = Object.entries(question.columns).map(([name, column]) => [name, meaningOf(column)]);
  return {
    notice,
    as_of: asOf,
    window,
    timezone,
    columns: Object.fromEntries(columns),
    total_rows: rows.length,
    ...noteOf(fitting, limit, note),
    rows: fitting.rows,
  };
}

function noteOf(
  { rows, total, isCut }: FittingRows,
  limit: unknown,
  lacking: string | undefined,
): { readonly note?: string } {
  const narrow = "Narrow the question: fewer pipelines, a shorter window (days, since, until), or a lower limit.";
  const more = limit === total ? ` It stops at its limit of ${total} rows: there may be more.` : "";
  const cut = isCut
    ? `The first ${rows.length} of ${total} rows: all would be too large.${more} ${narrow}`
    : more.trim();
  const note = [cut, lacking].filter(Boolean).join(" ");
  return note === "" ? {} : { note };
}

/** A column's description with its unit. */
function meaningOf({ type, unit, description }: AnswerColumn): string {
  if (type === "moment") return `${description} UTC.`;
  return unit === undefined ? description : `${description} In ${unit}.`;
}

/** Kept short: it is repeated in every tool, and an agent reads all tools. */
function inputOf({ parameters, days = 7 }: Question): JsonSchema {
  const own = Object.entries(parameters).map(([name, parameter]) => [name, parameterSchema(parameter)]);
  return {
    type: "object",
    properties: {
      ...Object.fromEntries(own),
      days: {
        type: "number",
        exclusiveMinimum: 0,
        default: days,
        description: "Length of the window in days.",
      },
      since: {
        type: "string",
        description: "Start of the window, instead of days: 2026-11-30, or 2026-11-30T06:00:00Z.",
      },
      until: { type: "string", description: "End of the window, exclusive. Default: as_of." },
      timezone: { type: "string", description: "IANA time zone for dates, days and hours." },
      pipelines: { type: "array", items: { type: "string" }, description: "Only these. Default: all." },
    },
    additionalProperties: false,
  };
}

function parameterSchema(parameter: Parameter): JsonSchema {
  const about = { default: parameter.default, description: parameter.description };
  const nullable = (type: string) => (parameter.default === null ? [type, "null"] : type);
  switch (parameter.type) {
    case "boolean":
      return { type: "boolean", ...about };
    case "list":
      return { type: "array", items: { type: "object" }, ...about };
    case "text": {
      const { values } = parameter;
      const all = values && (parameter.default === null ? [...values, null] : values);
      return { type: nullable("string"), ...(all && { enum: all }), ...about };
    }
    case "number": {
      const { unit, whole, least = 0, moreThan, most } = parameter;
      return {
        type: nullable(whole ? "integer" : "number"),
        ...(moreThan === undefined ? { minimum: least } : { exclusiveMinimum: moreThan }),
        ...(most !== undefined && { maximum: most }),
        default: about.default,
        description: unit === undefined ? about.description : `${about.description} In ${unit}.`,
      };
    }
  }
}

const types = {
  text: "string",
  integer: "integer",
  number: "number",
  moment: "string",
  flag: "boolean",
  list: "array",
} as const satisfies Readonly<Record<AnswerColumn["type"], string>>;

function outputOf(columns: AnswerColumns): JsonSchema {
  const row = Object.entries(columns).map(([name, column]) => {
    const type = types[column.type];
    // A list that is too long is returned as text.
    const all = [type, ...(column.type === "list" ? ["string"] : []), ...(column.nullable ? ["null"] : [])];
    return [name, { type: all.length === 1 ? type : all, description: meaningOf(column) }];
  });
  return {
    type: "object",
    properties: {
      ...resultProperties,
      window: { type: "object", description: "Start and end (exclusive), in UTC." },
      timezone: { type: "string" },
      columns: { type: "object", description: "What each column means, with its unit." },
      rows: { type: "array", items: { type: "object", properties: Object.fromEntries(row) } },
    },
    required: ["notice", "as_of", "window", "timezone", "columns", "total_rows", "rows"],
  };
}

const resultProperties = {
  notice: { type: "string" },
  as_of: { type: "string", description: "The time of the data, in UTC, which is what now means." },
  total_rows: { type: "integer", description: "Number of rows of the answer." },
  note: {
    type: "string",
    description:
      "Present if rows were omitted (how many, and how to narrow the question), or if more streams could be synced.",
  },
} as const;
