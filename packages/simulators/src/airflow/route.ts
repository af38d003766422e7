import type { Context } from "./context.ts";

export interface Route {
  readonly method: "GET" | "POST";
  readonly template: string;
  /** The specification's query parameters, or fields of the body, that the simulator supports. */
  readonly understands?: readonly string[];
  readonly body?: "DAGRunsBatchBody" | "TaskInstancesBatchBody";
  /** Requires no token. */
  readonly open?: true;
  readonly handle: (context: Context) => unknown;
}
