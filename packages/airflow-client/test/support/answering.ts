import { type AirflowClientOptions, createAirflowClient } from "@org/airflow-client";

/** A request as it was sent. */
export interface Sent {
  readonly method: string;
  /** The path with its query, decoded. */
  readonly address: string;
  readonly body: unknown;
}

/**
 * A client whose requests are answered by a function, and what it sent.
 *
 * @param answer JSON, or a status other than 200 to fail with
 */
export function answering(answer: (sent: Sent) => unknown, options: Partial<AirflowClientOptions> = {}) {
  const sent: Sent[] = [];
  const client = createAirflowClient({
    url: "http://airflow.test",
    ...options,
    async fetch(url, { method = "GET", body }) {
      const { pathname, search } = new URL(url);
      const request = {
        method,
        address: decodeURIComponent(pathname + search),
        body: typeof body === "string" ? JSON.parse(body) : undefined,
      };
      sent.push(request);
      const json = answer(request);
      if (typeof json === "number") return Response.json({ detail: "no" }, { status: json });
      return Response.json(json);
    },
  });
  return { client, sent };
}

/** The `METHOD address` of requests. */
export const linesOf = (sent: readonly Sent[]) => sent.map(({ method, address }) => `${method} ${address}`);
