import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  type StartedAirflow,
  type StartedDagster,
  startAirflowSimulator,
  startDagsterSimulator,
} from "@org/simulators/internal";

/** One origin for everything, as a browser's page needs it. */
export interface Servers {
  readonly airflow: StartedAirflow;
  readonly dagster: StartedDagster;
  readonly origin: string;
  /** The next report that a runtime sends to `/report`. */
  report(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Serves both simulators under /airflow and /dagster, a page that loads `script`, `/report`, and, below /airflow, /stall,
 * which never responds, and /lost, which hangs up.
 */
export async function startServers(script: () => string): Promise<Servers> {
  const airflow = await startAirflowSimulator();
  const dagster = await startDagsterSimulator();
  let reported = Promise.withResolvers<unknown>();

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = incoming.url ?? "/";
    if (path === "/airflow/stall") return;
    if (path === "/airflow/lost") return void outgoing.destroy();
    const body = await text(incoming);
    if (path.startsWith("/airflow/"))
      return forward(airflow.url + path.slice("/airflow".length), incoming, body, outgoing);
    if (path.startsWith("/dagster/"))
      return forward(dagster.url + path.slice("/dagster".length), incoming, body, outgoing);
    if (path === "/report") reported.resolve(JSON.parse(body));
    outgoing.setHeader("content-type", path === "/script.js" ? "text/javascript" : "text/html");
    outgoing.end(path === "/script.js" ? script() : '<!doctype html><script type="module" src="/script.js"></script>');
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: Error) => outgoing.writeHead(500).end(error.stack));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    airflow,
    dagster,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    report: () => {
      reported = Promise.withResolvers();
      return reported.promise;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all([airflow.close(), dagster.close()]);
    },
  };
}

async function forward(url: string, incoming: IncomingMessage, body: string, outgoing: ServerResponse): Promise<void> {
  const { method = "GET", headers } = incoming;
  const passed = Object.entries(headers).filter(([name]) => /^(authorization|content-type|accept)$/.test(name));
  const sent = new Headers(passed.map(([name, value]): [string, string] => [name, String(value)]));
  const answer = await fetch(url, { method, headers: sent, ...(body && { body }) });
  const type = answer.headers.get("content-type");
  outgoing.writeHead(answer.status, { ...(type && { "content-type": type }) });
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
}
