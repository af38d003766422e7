import { type OpenTelemetryOptions, traced } from "@org/kit/opentelemetry";
import type { AirflowMiddleware } from "./middleware.ts";

export type { OpenTelemetryOptions };

/**
 * A middleware that creates one client span per HTTP request, named after its operation (`GET /api/v2/dags/{dag_id}`),
 * with the attributes of OpenTelemetry's conventions for HTTP clients. The request's headers propagate the trace.
 *
 * @example createAirflowClient({ url, auth, middleware: [openTelemetry()] });
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): AirflowMiddleware {
  return traced("@org/airflow-client", options, ({ operation, method }) => ({
    "url.template": operation.slice(method.length + 1),
  }));
}
