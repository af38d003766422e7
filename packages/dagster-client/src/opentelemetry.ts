import { context, propagation, SpanKind, SpanStatusCode, type TracerProvider, trace } from "@opentelemetry/api";
import type { DagsterMiddleware } from "./middleware.ts";

export interface OpenTelemetryOptions {
  /** Whose spans they are. @default the one that is registered globally */
  readonly tracerProvider?: TracerProvider | undefined;
}

/**
 * A middleware that makes one client span per request, named by its operation (`query RunsPage`), with the attributes of
 * OpenTelemetry's conventions for HTTP and GraphQL. The request's headers carry the trace on, and the span is active
 * while the request is under way. A span is in error when no answer came, when its status is 400 or more (with Dagster
 * also where a part of the answer is a `PythonError`), and when it has GraphQL errors.
 *
 * ```ts
 * createDagsterClient({ url, middleware: [openTelemetry()] });
 * ```
 */
export function openTelemetry({ tracerProvider }: OpenTelemetryOptions = {}): DagsterMiddleware {
  return ({ operation, method, url, headers }, next) => {
    const { hostname, port, protocol } = new URL(url);
    const [type = "", name] = operation.split(" ");
    const span = (tracerProvider ?? trace).getTracer("@org/dagster-client").startSpan(operation, {
      kind: SpanKind.CLIENT,
      attributes: {
        "graphql.operation.type": type,
        ...(name !== undefined && { "graphql.operation.name": name }),
        "http.request.method": method,
        "url.full": url,
        "server.address": hostname,
        "server.port": Number(port) || (protocol === "https:" ? 443 : 80),
      },
    });
    const active = trace.setSpan(context.active(), span);
    propagation.inject(active, headers, { set: (carrier, header, value) => carrier.set(header, value) });
    const fail = (errorType: string, message?: string) => {
      span.setAttribute("error.type", errorType);
      span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
    };
    return context.with(active, async () => {
      try {
        const exchange = await next();
        const { status } = exchange.response;
        span.setAttribute("http.response.status_code", status);
        if (status >= 400) fail(String(status));
        else if (hasErrors(exchange.body)) fail("graphql");
        return exchange;
      } catch (error) {
        const { code, name: errorName, message } = error as Error & { readonly code?: unknown };
        fail(typeof code === "string" ? code : errorName, message);
        throw error;
      } finally {
        span.end();
      }
    });
  };
}

/** Whether an answer has errors beside its data; what has not even the word in it need not be parsed. */
function hasErrors(body: string): boolean {
  if (!body.includes('"errors"')) return false;
  try {
    const { errors } = JSON.parse(body) as { readonly errors?: unknown };
    return Array.isArray(errors) && errors.length > 0;
  } catch {
    return false;
  }
}
