import {
  type Attributes,
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import type { Middleware } from "./middleware.ts";

/** Options of a client's `openTelemetry`. */
export interface OpenTelemetryOptions {
  /** Creates the spans. @default the globally registered provider */
  readonly tracerProvider?: TracerProvider | undefined;
}

/** What has to be known about a request. */
interface TracedRequest {
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

interface TracedExchange {
  readonly response: Response;
}

/**
 * A middleware that creates one client span per request, named after its operation, with the attributes of
 * OpenTelemetry's conventions for HTTP clients. The request's headers propagate the trace, and the span is active
 * during the request.
 *
 * @param name the client's package: `@org/airflow-client`
 * @param attributesOf further attributes of its requests
 * @param failureOf the `error.type` of a response that failed in spite of its status
 */
export function traced<Request extends TracedRequest, Exchange extends TracedExchange>(
  name: string,
  { tracerProvider = trace as TracerProvider }: OpenTelemetryOptions,
  attributesOf: (request: Request) => Attributes,
  failureOf?: (exchange: Exchange) => string | false,
): Middleware<Request, Exchange> {
  return (request, next) => {
    const { operation, method, url, headers } = request;
    const { hostname, port, protocol } = new URL(url);
    const span = tracerProvider.getTracer(name).startSpan(operation, {
      kind: SpanKind.CLIENT,
      attributes: {
        "http.request.method": method,
        "url.full": url,
        "server.address": hostname,
        "server.port": Number(port || (protocol === "https:" ? 443 : 80)),
        ...attributesOf(request),
      },
    });
    const active = trace.setSpan(context.active(), span);
    propagation.inject(active, headers, { set: (carrier, header, value) => carrier.set(header, value) });
    return context.with(active, async () => {
      try {
        const exchange = await next();
        const { status } = exchange.response;
        span.setAttribute("http.response.status_code", status);
        const failure = status >= 400 ? String(status) : failureOf?.(exchange);
        if (failure) span.setAttribute("error.type", failure).setStatus({ code: SpanStatusCode.ERROR });
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
