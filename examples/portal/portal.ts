/** The back end of a portal, as a function from a request to its response: any server or framework can call it. */
import { type AirflowClient, AirflowError } from "@org/airflow-client";
import { type DagsterClient, DagsterError } from "@org/dagster-client";
import { airflowStories, type Query } from "./airflow-stories.ts";
import { dagsterStories } from "./dagster-stories.ts";

export interface PortalOptions {
  readonly airflow: AirflowClient;
  readonly dagster: DagsterClient;
  /**
   * Serves both servers to pages, under `/airflow` and `/dagster`: pages of another origin cannot reach them. Passes on
   * the credentials of the page and adds none.
   * @default the global fetch
   */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export function createPortal({ airflow, dagster, fetch = globalThis.fetch }: PortalOptions) {
  const origins: Readonly<Record<string, string>> = {
    airflow: airflow.url,
    dagster: dagster.url.replace(/\/graphql$/, ""),
  };

  return async (request: Request): Promise<Response> => {
    const { pathname, search, searchParams } = new URL(request.url);
    const [, first = "", second = "", third = ""] = pathname.split("/");
    const origin = origins[first];
    if (origin !== undefined) {
      return fetch(new Request(origin + pathname.slice(first.length + 1) + search, request));
    }
    const query: Query = Object.fromEntries(searchParams);
    // A page that is left aborts its requests, and with them those to the servers.
    const call = { signal: request.signal };
    try {
      if (first === "api" && second === "airflow" && airflowStories[third]) {
        return Response.json(await airflowStories[third](airflow, query, call));
      }
      if (first === "api" && second === "dagster" && dagsterStories[third]) {
        return Response.json(await dagsterStories[third](dagster, query, call));
      }
    } catch (error) {
      if (error instanceof AirflowError || error instanceof DagsterError) return failed(error);
      throw error;
    }
    return Response.json({ message: `The portal has no ${pathname}.` }, { status: 404 });
  };
}

/** Messages of both clients are safe to show: they never contain a secret. */
function failed({ code, message, retryable }: AirflowError | DagsterError): Response {
  const status = code === "NOT_FOUND" ? 404 : retryable ? 503 : 502;
  return Response.json({ code, message, retryable }, { status });
}
