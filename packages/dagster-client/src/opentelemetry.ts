import { type OpenTelemetryOptions, traced } from "@org/kit/opentelemetry";
import type { DagsterExchange, DagsterMiddleware, DagsterRequest } from "./middleware.ts";

export type { OpenTelemetryOptions };

/**
 * A middleware that creates one client span per request, named after its operation (`query RunsPage`), with the
 * attributes of OpenTelemetry's conventions for HTTP and GraphQL. The request's headers propagate the trace, and the
 * span is active during the request. A span fails if there is no response, if its status is 400 or more (with Dagster
 * also if a part of the response is a `PythonError`), or if it has GraphQL errors.
 *
 * ```ts
 * createDagsterClient({ url, middleware: [openTelemetry()] });
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): DagsterMiddleware {
  const attributesOf = ({ operation }: DagsterRequest) => {
    const [type = "", name] = operation.split(" ");
    return { "graphql.operation.type": type, ...(name !== undefined && { "graphql.operation.name": name }) };
  };
  return traced(
    "@org/dagster-client",
    options,
    attributesOf,
    ({ body }: DagsterExchange) => hasErrors(body) && "graphql",
  );
}

/** Whether a response has errors; a body without the word need not be parsed. */
function hasErrors(body: string): boolean {
  if (!body.includes('"errors"')) return false;
  try {
    const { errors } = JSON.parse(body) as { readonly errors?: unknown };
    return Array.isArray(errors) && errors.length > 0;
  } catch {
    return false;
  }
}
