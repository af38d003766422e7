import type { Destination } from "@org/destination";
import { answer, concurrency, costByOwner, defineQuestion, failingNow, successRate } from "@org/insights";
import { expectTypeOf, test } from "vitest";

declare const destination: Destination;

test("rows have the columns of their question, with their types", async () => {
  const { rows, asOf } = await answer(destination, successRate, { days: 30 });
  expectTypeOf(asOf).toEqualTypeOf<string>();
  type Row = (typeof rows)[number];
  expectTypeOf<Row["name"]>().toEqualTypeOf<string>();
  expectTypeOf<Row["runs"]>().toEqualTypeOf<number>();
  expectTypeOf<Row["rate"]>().toEqualTypeOf<number | null>();
  expectTypeOf<Row>().not.toHaveProperty("streak");
  const [failing] = (await answer(destination, failingNow)).rows;
  expectTypeOf(failing!.running_again).toEqualTypeOf<boolean>();
  expectTypeOf(failing!.paused).toEqualTypeOf<boolean | null>();
  expectTypeOf(failing!.failing_since).toEqualTypeOf<string>();
});

test("parameters are those of the question", () => {
  expectTypeOf(answer(destination, concurrency, { by: "pool", limit: 5, timezone: "UTC" })).toBeObject();
  // @ts-expect-error an unknown value
  answer(destination, concurrency, { by: "host" });
  // @ts-expect-error an unknown parameter
  answer(destination, failingNow, { min_steak: 2 });
  // @ts-expect-error a number
  answer(destination, failingNow, { min_streak: "2" });
  expectTypeOf(answer(destination, costByOwner, { rate: null })).toBeObject();
});

test("your own question is typed like the built-in ones", async () => {
  const own = defineQuestion({
    name: "own",
    sentence: "How many?",
    tables: ["airflow_dags"],
    parameters: { least: { type: "number", default: 1, description: "" } },
    columns: { n: { type: "integer", nullable: true, description: "" } },
    chart: { kind: "table" },
    isFinding: ({ n }) => n !== null && n > 0,
    sql: ({ parameters }) => `SELECT count(*) AS n FROM airflow_dags HAVING count(*) > ${parameters.least}`,
  });
  const { rows } = await answer(destination, own, { least: 2 });
  expectTypeOf(rows[0]!).toEqualTypeOf<{ readonly n: number | null }>();
});
