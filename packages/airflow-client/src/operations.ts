import type { CallOptions } from "@org/kit";
import type { paths as FabPaths } from "./generated/fab.ts";
import type { paths as AirflowPaths } from "./generated/schema.ts";

/** The paths of Airflow's interface, and those of the FAB auth manager, which only servers with it have. */
export interface Paths extends AirflowPaths, FabPaths {}

/** The methods that the interface uses. */
export type Method = "get" | "post" | "patch" | "put" | "delete";

/** The paths that have a method. */
export type PathWith<M extends Method> = {
  [P in keyof Paths]: Paths[P][M] extends object ? P : never;
}[keyof Paths];

/** An operation's parameters by location. */
export type Parameters<O> = O extends { parameters: infer P } ? { [K in keyof P]: NonNullable<P[K]> } : never;

/** An operation's JSON body. */
type Body<O> = O extends { requestBody?: { content: infer C } } ? C[keyof C] : never;

/** `{ [K]: T }`, optional if T may be empty. */
type Entry<K extends string, T> = Record<never, never> extends T ? { readonly [P in K]?: T } : { readonly [P in K]: T };

/** The limits of a call, always the last argument. In a list they apply to each request. */
export interface AirflowCallOptions extends CallOptions {
  /**
   * Parses the JSON of a successful response, for example to keep all digits of numbers. Its errors become
   * `INVALID_JSON`. @default JSON.parse
   */
  readonly parseJson?: ((text: string) => unknown) | undefined;
}

/** A call's arguments besides the path. */
export type Init<O> = AirflowCallOptions &
  Entry<"params", Parameters<O>> &
  (O extends { requestBody: { content: unknown } }
    ? { readonly body: Body<O> }
    : O extends { requestBody?: { content: unknown } }
      ? { readonly body?: Body<O> | undefined }
      : { readonly body?: never });

/** The rest of a call's arguments: optional if nothing is required. */
export type InitArguments<O> = Record<never, never> extends Init<O> ? [init?: Init<O>] : [init: Init<O>];

/** An operation's result on success: undefined for a response without a body. */
export type Data<O> = O extends { responses: infer R }
  ? { [S in keyof R & (200 | 201 | 202 | 204)]: R[S] extends { content: infer C } ? C[keyof C] : undefined }[keyof R &
      (200 | 201 | 202 | 204)]
  : never;

/** The error statuses that the interface declares for an operation. */
export type ErrorStatus<O> = O extends { responses: infer R } ? Exclude<keyof R, 200 | 201 | 202 | 204 | 307> : never;

/** The `detail` of an operation's response with an error status. */
export type ErrorDetail<O, S> = O extends { responses: Record<S & PropertyKey, { content: infer C }> }
  ? // A validation error in code, not of the framework, is a text.
    DetailOf<C[keyof C]> | (S extends 422 ? string : never)
  : unknown;
type DetailOf<B> = B extends { detail?: infer D } ? NonNullable<D> : unknown;

/** A successful call. */
export interface Result<T> {
  readonly data: T;
  /** For headers and status; its body was read. */
  readonly response: Response;
  /** The length of the body, in bytes after decompression; 0 if a middleware responded instead of the server. */
  readonly bytes: number;
}

/** A client's method: calls an operation by its path, and returns its data or throws an AirflowError. */
export type ClientMethod<M extends Method> = <P extends PathWith<M>>(
  path: P,
  ...init: InitArguments<Paths[P][M]>
) => Promise<Result<Data<Paths[P][M]>>>;
