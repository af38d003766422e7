import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of the server's clock: a new time, or undefined to leave the header out. Both in ms since 1970. */
export type RewriteDate = (serverMs: number) => number | undefined;

export interface DateProxy {
  readonly url: string;
  /** From the next answer on. */
  rewrite: RewriteDate;
  close(): Promise<void>;
}

/** A proxy in front of a server that passes everything on but the `Date` of the answers, which it rewrites. */
export async function startDateProxy(target: string): Promise<DateProxy> {
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const asked = request(new URL(url ?? "/", target), { method, headers }, (answer) => {
      const { date, ...rest } = answer.headers;
      const shown = proxy.rewrite(Date.parse(date ?? ""));
      outgoing.sendDate = false;
      outgoing.writeHead(answer.statusCode ?? 502, {
        ...rest,
        ...(shown !== undefined && { date: new Date(shown).toUTCString() }),
      });
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: DateProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rewrite: (serverMs) => serverMs,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return proxy;
}
