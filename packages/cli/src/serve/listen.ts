/** How a server listens and stops. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { UsageError } from "../errors.ts";

/** @throws UsageError if it cannot listen there */
export async function listen(
  handler: RequestListener,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<Server> {
  const server = createServer(handler);
  const listening = once(server, "listening");
  server.listen(port, host);
  try {
    await listening;
  } catch (error) {
    throw new UsageError(reasonFor((error as NodeJS.ErrnoException).code, port, host), { cause: error });
  }
  return server;
}

function reasonFor(code: string | undefined, port: number, host: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} of ${host} is in use, perhaps by another dagsync serve. Name another one: --port ${port + 1}, or --port 0 for any that is free.`;
    case "EACCES":
      return `This user may not listen on port ${port}. Name one above 1023: --port 8642.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EINVAL":
      return `--host is not an address of this machine (${code}). Use 0.0.0.0 for all of its addresses.`;
    default:
      return `Port ${port} of ${host} cannot be listened on (${code}).`;
  }
}

/** The server's URL for a browser. */
export function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`;
}

/** Whether only this machine has access. */
export function isOwnMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Stops at once: open connections are closed, even in the middle of a response. */
export async function stop(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
