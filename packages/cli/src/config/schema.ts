/** The schema of a configuration file. Its descriptions become the JSON Schema for editors. */
import * as z from "zod";
import { sourceKinds } from "../sources.ts";
import { deadline, pair } from "./report.ts";

/** The URL of the released JSON Schema. */
export const schemaUrl =
  "https://raw.githubusercontent.com/org/orchestration-sync/main/packages/cli/schema/dagsync.schema.json";

const text = z.string("must be text: put it in quotes").min(1, "is empty");
const names = z.array(text, "must be a list").min(1, "is an empty list: leave it out for all");
const list = z.array(text, "must be a list");
const object = "must be a mapping of keys to values";

const source = z.strictObject(
  {
    kind: z.enum(sourceKinds, `must be ${sourceKinds.join(" or ")}`).describe("The kind of server."),
    url: text.describe("The server's URL, as in the browser, without credentials."),
    username: text.optional().describe("Airflow: exchanged for a token, together with the password."),
    password: text.optional().describe("Airflow: as a reference, such as ${AIRFLOW_PASSWORD}."),
    token: text.optional().describe("A long-lived token, as a reference, such as ${DAGSTER_TOKEN}."),
    tokenFile: text.optional().describe("A file with the token; read again when the server rejects it."),
    tokenCommand: z
      .union([text, list.min(1, "is an empty list")])
      .optional()
      .describe("A command that prints the token; run again when the server rejects it. At most 30 s."),
    headers: z
      .record(z.string(), text, object)
      .optional()
      .describe("Sent with every request, for example for a proxy."),
    caFile: text.optional().describe("A PEM file with additional trusted certificate authorities."),
    verifyTls: z
      .boolean("must be true or false")
      .optional()
      .describe(
        "false: this server's certificate is not verified, so anyone in between can read and change everything. " +
          "Better: caFile. Default: true.",
      ),
    proxy: text.optional().describe("http://user:password@host:port. Default: that of HTTPS_PROXY and HTTP_PROXY."),
    maxResponseBytes: z
      .int("must be a whole number of bytes")
      .min(1, "must be at least 1")
      .max(536_870_888, "must be at most 536870888")
      .optional()
      .describe("Maximum size of a response, in bytes; a larger row is skipped. Default: 134217728 (128 MiB)."),
    concurrency: z
      .int("must be a whole number")
      .min(1, "must be at least 1")
      .max(64, "must be at most 64")
      .optional()
      .describe(
        "Maximum number of requests at once. A sync starts with 2, and sends more only while that makes the server faster. " +
          "Default: 8.",
      ),
    batch: z
      .boolean("must be true or false")
      .optional()
      .describe(
        "Airflow: false lists rows by GET, which is slower but writes no entries to its audit log. Default: true.",
      ),
    batchEvents: z
      .boolean("must be true or false")
      .optional()
      .describe(
        "Airflow: false leaves out of the stream event_logs what its audit log says of batch calls, such as a sync's own. " +
          "Default: true.",
      ),
  },
  object,
);

const pipeline = z.strictObject(
  {
    name: text
      .optional()
      .describe("Owns the tables; keep it when the server's URL changes. Default: kind and host of the source."),
    from: text.describe("The name of a source."),
    to: text.describe("The name of a destination."),
    prefix: z
      .string("must be text: put it in quotes")
      .regex(
        /^[a-z][a-z0-9_]*$/,
        "must be lowercase letters, digits and underscores, starting with a letter, as in prod_",
      )
      .optional()
      .describe("Prefix of the tables' names, so that several pipelines fit into one destination."),
    schema: text.optional().describe("The schema for the tables, if the destination has schemas: duckdb, postgres."),
    streams: names
      .optional()
      .describe(
        "Only these streams. default stands for those that are not opt-in, all for every one. Default: default.",
      ),
    exclude: list.optional().describe("Columns to leave out, in all tables (conf) or in one stream's (dag_runs.conf)."),
    reconcileEvery: text.optional().describe("How often to look for deletions: 12h, 1d, off. Default: 1d."),
    history: text
      .optional()
      .describe(
        "Airflow: how far back a first sync reads: 90d, off for everything. A longer one later reads what is missing. " +
          "Default: everything.",
      ),
    keepSamples: text.optional().describe("How long to keep samples, as of pools: 30d, off. Default: 90d."),
  },
  object,
);

const named = <T extends z.ZodType>(what: T) =>
  z.record(z.string(), what, object).refine((record) => Object.keys(record).length > 0, "names none");

/** The whole file. */
export const configSchema = z
  .strictObject(
    {
      sources: named(source).describe("The servers, under names of your choice."),
      destinations: named(text).describe(
        "Where rows go, under names of your choice: duckdb:file, sqlite:file, postgres://user@host/database, files:folder or " +
          "s3://bucket/prefix. Relative paths are relative to this file.",
      ),
      pipelines: z.array(pipeline, "must be a list").min(1, "is an empty list").describe("What to sync where."),
      expect: z
        .array(deadline, "must be a list")
        .optional()
        .describe("Deadlines for deadline_misses: when DAGs and jobs must be done."),
      pairs: z
        .array(pair, "must be a list")
        .optional()
        .describe("DAGs and jobs that do the same work, for side_by_side. Default: those with equal names."),
    },
    object,
  )
  .describe(
    "dagsync.yaml: what dagsync syncs. In every string, ${NAME} stands for an environment variable, " +
      "${NAME:-default} for one that may be missing, and $$ for a dollar sign.",
  );

export type Config = z.output<typeof configSchema>;
export type SourceConfig = Config["sources"][string];
export type PipelineConfig = Config["pipelines"][number];

/** The same as JSON Schema, as text. */
export function configJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(configSchema);
  return `${JSON.stringify({ $schema, $id: schemaUrl, title: "dagsync.yaml", ...rest }, null, 2)}\n`;
}
