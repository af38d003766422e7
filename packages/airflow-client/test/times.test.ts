import { readFileSync } from "node:fs";
import { dagRuns } from "@org/airflow-client";
import { describe, expect, test } from "vitest";
import { isTime } from "../src/times.ts";
import { answering, linesOf } from "./support/answering.ts";

const document = JSON.parse(
  readFileSync(new URL("../../../specs/airflow/3.4.0b2.json", import.meta.url), "utf8"),
) as Document;

interface Schema {
  readonly format?: string;
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const isTimeSchema = ({ format, anyOf = [] }: Schema): boolean => format === "date-time" || anyOf.some(isTimeSchema);

/** Every parameter, and every field of a body's own, with whether it is a time. */
function* inputs(): Generator<readonly [name: string, isTime: boolean]> {
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    for (const { name, schema } of operation.parameters ?? []) yield [name, isTimeSchema(schema)];
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
      const body = document.components.schemas[schema.$ref?.split("/").at(-1) ?? ""] ?? schema;
      for (const [name, field] of Object.entries(body.properties ?? {})) yield [name, isTimeSchema(field)];
    }
  }
}

describe("times in what is sent", () => {
  test("are recognized by their names, everywhere in the interface", () => {
    const wrong = [...inputs()].filter(([name, time]) => isTime(name) !== time).map(([name]) => name);
    // A string in the document, and a time to the server.
    expect([...new Set(wrong)]).toEqual(["before"]);
  });

  test("may be a Date, or text, which is UTC if it names no zone", async () => {
    const { client, sent } = answering(() => ({ dag_runs: [], total_entries: 0 }));
    await dagRuns
      .list(client, {
        orderBy: "run_after",
        run_after_gte: "2026-11-01",
        run_after_lt: new Date(0),
        start_date_gte: "2026-11-01T12:00:00.123456+01:00",
      })
      .toArray();
    expect(linesOf(sent)[0]).toContain(
      "?run_after_gte=2026-11-01T00:00:00Z&run_after_lt=1970-01-01T00:00:00.000Z&start_date_gte=2026-11-01T12:00:00.123456+01:00&",
    );
    await dagRuns.trigger(client, "d", { logical_date: "2026-11-01 12:00", conf: { start_date: "2026-11-01" } });
    expect(sent[1]?.body).toEqual({ logical_date: "2026-11-01T12:00:00Z", conf: { start_date: "2026-11-01" } });
  });

  test.each(["yesterday", "2026-13-01", 1_764_500_000_000, new Date("x")])(
    "%s is the caller's mistake, and nothing is sent",
    async (time) => {
      const { client, sent } = answering(() => ({}));
      const error = dagRuns.list(client, { run_after_gte: time as string }).toArray();
      await expect(error).rejects.toMatchObject({
        code: "INVALID_OPTIONS",
        retryable: false,
        message: expect.stringContaining("run_after_gte"),
      });
      expect(sent).toEqual([]);
    },
  );
});
