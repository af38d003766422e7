import { context, propagation, SpanKind, SpanStatusCode, type TracerProvider, trace } from "@opentelemetry/api";
import type { AirflowMiddleware } from "./middleware.ts";

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** @default the one that is registered globally */
  readonly tracerProvider?: TracerProvider | undefined;
}

/**
 * A middleware that makes one client span per HTTP request, named by its operation (`GET /api/v2/dags/{dag_id}`), with
 * the attributes of OpenTelemetry's conventions for HTTP clients. The request carries the trace on in its headers.
 *
 * @example
 * createAirflowClient({ baseUrl, auth, middleware: [openTelemetry()] });
 */
export function openTelemetry({ tracerProvider }: OpenTelemetryOptions = {}): AirflowMiddleware {
  return (request, next) => {
    const { hostname, port, protocol } = new URL(request.url);
    const span = (tracerProvider ?? trace).getTracer("@org/airflow-client").startSpan(request.operation, {
      kind: SpanKind.CLIENT,
      attributes: {
        "http.request.method": request.method,
        "url.template": request.operation.slice(request.method.length + 1),
        "url.full": request.url,
        "server.address": hostname,
        "server.port": Number(port) || (protocol === "https:" ? 443 : 80),
      },
    });
    const active = trace.setSpan(context.active(), span);
    propagation.inject(active, request.headers, { set: (headers, name, value) => headers.set(name, value) });
    return context.with(active, async () => {
      try {
        const exchange = await next();
        const { status } = exchange.response;
        span.setAttribute("http.response.status_code", status);
        if (status >= 400) span.setAttribute("error.type", String(status)).setStatus({ code: SpanStatusCode.ERROR });
        return exchange;
      } catch (error) {
        const { code, name, message } = error as Error & { readonly code?: unknown };
        span.setAttribute("error.type", typeof code === "string" ? code : name);
        span.setStatus({ code: SpanStatusCode.ERROR, message });
        throw error;
      } finally {
        span.end();
      }
    });
  };
}
