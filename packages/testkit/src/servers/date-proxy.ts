import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Maps the server's time to a new one, in ms since 1970, or to undefined to drop the header. */
export type RewriteDate = (serverMs: number) => number | undefined;

export interface DateProxy {
  readonly url: string;
  /** Applies from the next response on. */
  rewrite: RewriteDate;
  close(): Promise<void>;
}

/** A proxy that only rewrites the `Date` header of responses. */
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
