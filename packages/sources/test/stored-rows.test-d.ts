import type { Driver, Json } from "@org/destination";
import type { AirflowDag, AirflowDagRun, AirflowTaskInstance } from "@org/sources/airflow";
import type { DagsterAsset, DagsterRun, DagsterSchedule, DagsterSensor } from "@org/sources/dagster";
import { expectTypeOf, test } from "vitest";

test("each table's rows have a named type, by driver", () => {
  type Run = AirflowDagRun<"postgres">;
  expectTypeOf<Run["dag_id"]>().toEqualTypeOf<string>();
  expectTypeOf<Run["run_after"]>().toEqualTypeOf<Date>();
  expectTypeOf<Run["end_date"]>().toEqualTypeOf<Date | null>();
  expectTypeOf<Run["conf"]>().toEqualTypeOf<Json>();
  expectTypeOf<Run["external_trigger"]>().toEqualTypeOf<boolean>();
  expectTypeOf<AirflowTaskInstance<"postgres">["try_number"]>().toEqualTypeOf<string>();

  expectTypeOf<AirflowDagRun<"sqlite">["run_after"]>().toEqualTypeOf<string>();
  expectTypeOf<AirflowDagRun<"sqlite">["conf"]>().toEqualTypeOf<string | null>();
  expectTypeOf<AirflowTaskInstance<"sqlite">["is_latest"]>().toEqualTypeOf<0 | 1>();
  expectTypeOf<AirflowTaskInstance<"sqlite">["try_number"]>().toEqualTypeOf<number>();

  expectTypeOf<AirflowDagRun<"duckdb">["run_after"]>().toEqualTypeOf<Date>();
  expectTypeOf<AirflowTaskInstance<"duckdb">["try_number"]>().toEqualTypeOf<bigint>();
  expectTypeOf<AirflowTaskInstance<"duckdb">["is_latest"]>().toEqualTypeOf<boolean>();
});

test("every row says when it was synced, and when it was found to be deleted", () => {
  type Own<Row> = Row extends { readonly _synced_at: infer Synced; readonly _deleted_at: infer Deleted }
    ? [Synced, Deleted]
    : "lacks them";
  type OfEach<D extends Driver> =
    | Own<AirflowDag<D>>
    | Own<AirflowDagRun<D>>
    | Own<AirflowTaskInstance<D>>
    | Own<DagsterRun<D>>
    | Own<DagsterAsset<D>>
    | Own<DagsterSchedule<D>>
    | Own<DagsterSensor<D>>;
  expectTypeOf<OfEach<"postgres">>().toEqualTypeOf<[Date, Date | null]>();
  expectTypeOf<OfEach<"sqlite">>().toEqualTypeOf<[string, string | null]>();
  expectTypeOf<OfEach<"duckdb">>().toEqualTypeOf<[Date, Date | null]>();
  // @ts-expect-error an unknown column
  expectTypeOf<AirflowDag<"postgres">["dag_ID"]>();
});
