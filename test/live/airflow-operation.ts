import type { AirflowErrorCode } from "@org/airflow-client";
import type { Init, Method, Paths, PathWith } from "../../packages/airflow-client/src/operations.ts";

/** Objects on the server for operations to use. */
export interface World {
  readonly assetId: number;
  /** The asset that a task produces. */
  readonly madeId: number;
  readonly aliasId: number;
  readonly eventLogId: number;
  readonly importErrorId: number;
  readonly fileToken: string;
  readonly backfillId: number;
  readonly connectionTestToken: string;
}

export interface Operation {
  /** `GET /api/v2/dags` */
  readonly name: string;
  readonly method: Uppercase<Method>;
  readonly path: string;
  readonly init: (world: World) => object;
  /** If it cannot succeed here: the error's code, and why. */
  readonly fails?: { readonly code: AirflowErrorCode; readonly because: string };
}

/** A line of the table: an operation's arguments, typed like the client's call. */
export function operation<M extends Uppercase<Method>, P extends PathWith<Lowercase<M>>>(
  method: M,
  path: P,
  init: Init<Paths[P][Lowercase<M>]> | ((world: World) => Init<Paths[P][Lowercase<M>]>),
  fails?: Operation["fails"],
): Operation {
  const call = typeof init === "function" ? init : () => init;
  return { name: `${method} ${path}`, method, path, init: call, ...(fails && { fails }) };
}
