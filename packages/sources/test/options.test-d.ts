/** Options as a service passes them: from variables that may be undefined, and from arrays of both kinds. */
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import type { Destination, OpenOptions } from "@org/destination";
import type { DuckdbOptions } from "@org/destination/duckdb";
import type { FilesOptions } from "@org/destination/files";
import type { PostgresOptions } from "@org/destination/postgres";
import type { SqliteOptions } from "@org/destination/sqlite";
import { type AirflowOptions, airflow } from "@org/sources/airflow";
import { type DagsterOptions, dagster } from "@org/sources/dagster";
import {
  type CheckOptions,
  check,
  type DescribeStateOptions,
  type ExportStateOptions,
  type ImportStateOptions,
  type ReadInventoryOptions,
  type RequestOptions,
  type SyncEveryOptions,
  type SyncOptions,
  sync,
  syncEvery,
  type VerifyOptions,
  verify,
} from "@org/sync-engine";
import { expectTypeOf, test } from "vitest";

/** The optional fields that cannot be given as undefined, where `exactOptionalPropertyTypes` is on. */
type RefusesUndefined<T> = {
  [K in keyof T]-?: object extends Pick<T, K>
    ? { readonly [P in K]: undefined } extends Pick<T, K>
      ? never
      : K
    : never;
}[keyof T];

test("every optional field of the options of a sync may be undefined", () => {
  expectTypeOf<RefusesUndefined<{ readonly a?: string; readonly b?: string | undefined }>>().toEqualTypeOf<"a">();
  expectTypeOf<RefusesUndefined<SyncOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<SyncEveryOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<RequestOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<CheckOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<VerifyOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<DescribeStateOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<ExportStateOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<ImportStateOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<ReadInventoryOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<AirflowOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<DagsterOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<OpenOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<DuckdbOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<SqliteOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<PostgresOptions>>().toBeNever();
  expectTypeOf<RefusesUndefined<FilesOptions>>().toBeNever();
});

test("sources of both kinds can be in one array, without naming its type", () => {
  async function everything(destination: Destination, signal: AbortSignal) {
    const sources = [
      airflow({ client: createAirflowClient({ url: "http://localhost:8080" }) }),
      dagster({ client: createDagsterClient({ url: "http://localhost:3000" }) }),
    ];
    for (const source of sources) {
      await check({ source, destination });
      await sync({ source, destination });
      await verify({ source, destination });
    }
    await syncEvery({ syncs: sources.map((source) => ({ source, destination })), intervalMs: 60_000, signal });
  }
  expectTypeOf(everything).toBeFunction();
});
