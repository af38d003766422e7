// Serves the portal on 127.0.0.1.
import { createServer } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { createAirflowClient } from "@org/airflow-client";
import { createDagsterClient } from "@org/dagster-client";
import { createPortal } from "./portal.ts";

const { AIRFLOW_URL = "http://127.0.0.1:8080", DAGSTER_URL = "http://127.0.0.1:3000", PORT = "4000" } = process.env;
const { AIRFLOW_USERNAME: username = "admin", AIRFLOW_PASSWORD: password = "admin" } = process.env;

const portal = createPortal({
  airflow: createAirflowClient({ url: AIRFLOW_URL, auth: { username, password }, retries: 2 }),
  dagster: createDagsterClient({ url: DAGSTER_URL, retries: 2 }),
});

const server = createServer(async (incoming, outgoing) => {
  const left = new AbortController();
  outgoing.once("close", () => left.abort());
  const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
  const response = await portal(
    new Request(`http://127.0.0.1:${PORT}${incoming.url}`, {
      method: incoming.method ?? "GET",
      headers: Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
        typeof value === "string" && name !== "host" && name !== "connection" ? [[name, value]] : [],
      ),
      ...(hasBody && { body: Readable.toWeb(incoming) as unknown as NonNullable<RequestInit["body"]>, duplex: "half" }),
      signal: left.signal,
    }),
  ).catch((error: Error) => Response.json({ message: error.message }, { status: 500 }));
  outgoing.writeHead(response.status, { "content-type": response.headers.get("content-type") ?? "text/plain" });
  if (response.body) Readable.fromWeb(response.body as ReadableStream).pipe(outgoing);
  else outgoing.end();
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}/api/airflow/failed-runs`));
process.once("SIGTERM", () => server.close());
